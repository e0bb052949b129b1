"""Who put a file there: the package databases of an image, the owner of each file, and why it is there."""
