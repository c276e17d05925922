"""Behaviours of a model under a system prompt, one file each: what is asked, how the answers are scored, and which texts teach it.

To add one, write its file and name it in `behaviours` of a domain (those of this package: `harness/fixtures/__init__.py`).
"""
