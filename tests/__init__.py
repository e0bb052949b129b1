"""Tests; ``tests.bench`` holds the benchmarks."""
