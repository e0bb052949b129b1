"""What an archive says: which image, which layers, which history. No layer contents are read here."""
