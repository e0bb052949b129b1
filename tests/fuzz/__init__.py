"""Fuzzing with Atheris: a module per target, each with its seeds and its oracle.

A target has `seeds()`, inputs to begin with, and `check(data)`, which raises when slim does not do with
`data` what the module's docstring promises. `python -m tests.fuzz` runs them; inputs that once failed
are kept in `found/TARGET/` and are run by tests/fuzz/test_seeds.py on every machine, like the seeds.
"""
