"""Tests of slim/ecosystems."""
