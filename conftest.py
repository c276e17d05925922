"""Loads the fixtures that only the experiments of this project use; those of the installed domains are there wherever there is an experiment."""

pytest_plugins = ["fixtures.convergence", "fixtures.evolution"]
