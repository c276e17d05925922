"""Loads the fixtures for every experiment."""

pytest_plugins = ["fixtures.banks", "fixtures.behaviours", "fixtures.judges", "fixtures.models", "fixtures.recipes", "fixtures.traits", "fixtures.training"]
