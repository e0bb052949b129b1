"""Parses Dockerfiles, and places an image's history on their lines."""
