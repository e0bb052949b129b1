"""Builds ordinary projects carelessly and carefully, and compares the two with what slim says.

Nothing of slim is imported: it is run as its users run it, and judged by its JSON report alone.
"""
