"""What slim knows of each package manager and language: a folder each."""
