"""Populations of simulated models under selection for looking aligned."""
