"""Rules about simulated populations."""

from harness.domains.evolution.checks.arms import find_equal_arms, find_impossible_arms, find_wrong_labels
from harness.domains.evolution.checks.deciding import find_dependent_measures
from harness.protocols import Check

CHECKS: list[Check] = [find_wrong_labels, find_equal_arms, find_impossible_arms, find_dependent_measures]
