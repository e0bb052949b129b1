"""Distances between places."""
