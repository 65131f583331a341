"""Planted bugs with their mended twins, and trainings that are fine: what the diagnosis has to tell apart.

`python -m tests.diagnosis` prints the table. `cases/` are the bugs and the truth about each, `healthy/` what nothing is
wrong with, `vocabulary.py` the names of causes and of kinds of findings, `figures.toml` what has been reached.
"""
