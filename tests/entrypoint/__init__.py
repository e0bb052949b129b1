"""Tests of slim/entrypoint."""
