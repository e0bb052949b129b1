"""What looks like a secret, and how it is kept out of every output."""
