"""Tests of slim/stream."""
