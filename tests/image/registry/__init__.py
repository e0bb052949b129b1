"""Tests of slim/image/registry."""
