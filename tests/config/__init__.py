"""Tests of slim/config."""
