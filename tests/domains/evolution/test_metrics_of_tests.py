"""Measures of a test, on tests whose measures are known."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.evolution.activations import Activations
from harness.domains.evolution.metrics import coverage, entropy, examine, examine_sparse, information_per_question, question_correlation


def test_measures_are_the_written_formulas():
    """On a random test the measures agree with numpy's own correlations and eigenvalues; personalities are averaged."""
    active = np.random.default_rng(1).random((2, 40, 6))
    matrix = np.corrcoef(active.mean(axis=0).T)
    roots = np.linalg.eigvalsh(matrix)
    assert question_correlation(active) == pytest.approx(matrix[np.triu_indices(6, 1)].mean())
    assert information_per_question(active) == pytest.approx(roots.sum() ** 2 / (roots**2).sum() / 6)


@pytest.mark.parametrize("personalities", [1, 3])
def test_a_sparse_test_is_examined_as_a_dense_one(personalities):
    """Of the questions that are asked alone, constant ones among them; the correlation of fewer than two that vary is None."""
    drawn = np.random.default_rng(2).random((personalities, 30, 8))
    dense = np.where(drawn < 0.4, drawn, 0.0)
    dense[:, :, 3] = 0.25
    asked = np.array([0, 2, 3, 7])
    test = Activations.from_dense(dense)
    found, plain = examine_sparse(test, asked), examine(test.dense()[:, :, asked])
    assert (found.coverage, found.constant) == (plain.coverage, plain.constant)
    assert (found.entropy, found.question_correlation) == (pytest.approx(plain.entropy), pytest.approx(plain.question_correlation))
    assert examine_sparse(test, asked[1:3]).question_correlation is None


def test_coverage_counts_above_the_threshold():
    """A belief whose sum is at the threshold is not covered."""
    active = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]])
    assert (coverage(active), coverage(active, 0.5), coverage(active, 1.0)) == (2 / 3, 1 / 3, 0.0)


def test_entropy_is_that_of_the_mass():
    """Even mass gives ln B, one belief 0, and a quarter against three quarters its own."""
    assert entropy(np.ones((7, 3))) == pytest.approx(np.log(7)) and entropy(np.array([[1.0, 1.0], [0.0, 0.0]])) == 0.0
    assert entropy(np.array([[1.0], [3.0]])) == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))


def test_equal_questions_tell_what_one_tells():
    """Four copies of a question have correlation 1 and a quarter of the information each; a constant one is left out and counted."""
    active = np.column_stack([np.tile(np.array([[0.0], [1.0], [0.5]]), 4), np.ones(3)])
    found = examine(active)
    assert found.question_correlation == pytest.approx(1.0) and found.information_per_question == pytest.approx(0.25) and found.constant == 1


def test_one_varying_question_has_no_pairs():
    """Measures of pairs are None where there is no pair."""
    found = examine(np.column_stack([np.ones(3), np.arange(3.0)]))
    assert found.question_correlation is None and found.information_per_question is None and found.constant == 1
