"""Tests of slim/report."""
