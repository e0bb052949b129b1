"""The rule language: rules as data, how they are read, and which files they match."""
