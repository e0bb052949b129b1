"""Tests of the whole program: attacks, limits, corpora, the library, examples."""
