"""Helpers of tests: images, servers, an oracle, reports."""
