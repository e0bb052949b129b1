"""Tests of slim/files/extract."""
