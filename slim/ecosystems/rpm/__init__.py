"""Fedora, RHEL, SUSE and their relatives: rpm."""
