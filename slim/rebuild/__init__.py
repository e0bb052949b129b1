"""How big the image would be if a multi-stage build made it: what is kept, and why, file by file."""
