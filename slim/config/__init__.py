"""Settings from files: slim.toml, or dive's .dive-ci."""
