"""Tests of slim/advice."""
