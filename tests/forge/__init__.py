"""Tests of slim/forge."""
