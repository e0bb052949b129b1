"""Tests of slim/cli."""
