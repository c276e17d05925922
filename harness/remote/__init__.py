"""Runs on several machines: one controller that hands out cells, and sessions of pytest that pull them, in processes of this machine or on a Ray cluster."""
