"""A static site over the runs of a folder of reports: optional, beside the core, which imports nothing of it."""
