"""Tests of slim/dockerfile."""
