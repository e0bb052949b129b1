"""Tests of slim/facts."""
