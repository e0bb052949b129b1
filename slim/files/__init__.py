"""What the layers hold: every entry, every byte, what of it the final filesystem shows."""
