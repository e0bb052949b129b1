"""Tests of slim/files."""
