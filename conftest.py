"""Loads the fixtures for every experiment."""

pytest_plugins = [
    "fixtures.banks",
    "fixtures.behaviours",
    "fixtures.comparing",
    "fixtures.evolution_report",
    "fixtures.inside",
    "fixtures.judges",
    "fixtures.members",
    "fixtures.models",
    "fixtures.populations",
    "fixtures.recipes",
    "fixtures.tasks",
    "fixtures.traits",
    "fixtures.training",
]
