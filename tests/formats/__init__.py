"""Tests of slim/render."""
