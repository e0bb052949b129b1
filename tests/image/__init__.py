"""Tests of slim/image."""
