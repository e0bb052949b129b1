"""Builds ordinary projects carelessly and carefully, and compares the two with what slim says.

slim is run as its users run it. Only the files that each finding claims, which no report lists, are
taken from its library.
"""
