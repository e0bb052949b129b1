"""Computed selections: what rules name as `query`, for judgments that no glob can express."""
