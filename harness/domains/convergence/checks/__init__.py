"""Rules about comparisons of models."""

from harness.domains.convergence.checks.recordings import find_client_errors, find_dead, find_templates
from harness.domains.convergence.checks.similarities import find_broken_similarities
from harness.protocols import Check

CHECKS: list[Check] = [find_client_errors, find_dead, find_templates, find_broken_similarities]
