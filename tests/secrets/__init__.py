"""Tests of slim/secrets."""
