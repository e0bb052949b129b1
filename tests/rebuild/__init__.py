"""Tests of slim/rebuild."""
