"""Facts about an image: what it runs, which stacks it carries, which role it has, where things are."""
