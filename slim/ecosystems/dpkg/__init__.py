"""Debian, Ubuntu and their relatives: dpkg and apt."""
