"""Loads the fixtures for every experiment."""

pytest_plugins = ["fixtures.banks", "fixtures.behaviours", "fixtures.models"]
