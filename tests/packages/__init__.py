"""Tests of slim/packages."""
