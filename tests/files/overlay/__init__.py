"""Tests of slim/files/overlay."""
