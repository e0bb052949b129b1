"""conda environments."""
