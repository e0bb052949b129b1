"""Tests of slim/rules."""
