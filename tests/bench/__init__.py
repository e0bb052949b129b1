"""Benchmarks: they print ratios and never fail; nothing here is collected as a test."""
