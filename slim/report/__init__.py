"""How it is said: the report, and what renders it."""
