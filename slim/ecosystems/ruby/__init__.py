"""Ruby and its gems."""
