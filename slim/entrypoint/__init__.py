"""What an image runs: its entry point followed through shells, wrappers, services and links."""
