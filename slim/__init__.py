"""Where every byte of a container image comes from, which are waste, and what to change."""

__version__ = "0.1.0"
