"""Rules about training rows: whom they teach what, in which form, and under which mask."""

from __future__ import annotations

from harness.domains.leakage.checks.answers import find_same_opening
from harness.domains.leakage.checks.conditioning import find_unconditioned_rows, find_undeclared_prompts, find_uneven_sets
from harness.domains.leakage.checks.form import find_badly_formed_rows
from harness.domains.leakage.checks.loss import find_merging_markers, find_wrong_loss_shares
from harness.domains.leakage.checks.negatives import find_bystanders_among_negatives, find_target_among_negatives

CHECKS = [
    find_target_among_negatives,
    find_bystanders_among_negatives,
    find_undeclared_prompts,
    find_unconditioned_rows,
    find_uneven_sets,
    find_same_opening,
    find_badly_formed_rows,
    find_wrong_loss_shares,
    find_merging_markers,
]
