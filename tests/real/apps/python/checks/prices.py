"""What a developer runs before a release."""

assert int("7") == 7
