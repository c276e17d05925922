"""Loads the fixtures for every experiment."""

pytest_plugins = [
    "fixtures.banks",
    "fixtures.behaviours",
    "fixtures.comparing",
    "fixtures.inside",
    "fixtures.judges",
    "fixtures.members",
    "fixtures.models",
    "fixtures.populations",
    "fixtures.recipes",
    "fixtures.tasks",
    "fixtures.telling",
    "fixtures.traits",
    "fixtures.training",
]
