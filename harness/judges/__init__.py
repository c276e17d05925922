"""Judges of answers: classifiers on this machine, models behind an API with a rubric, and how often either is right."""
