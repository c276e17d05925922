"""What a test can tell: how many beliefs it reaches, how evenly, and how much its questions repeat each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.domains.evolution.activations import Activations

FLAT = 1e-12  # a variance below it is rounding error


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Measures of one test. Those that need two questions that vary are None without them; `constant` questions are left out of both."""

    coverage: float
    entropy: float  # nats
    question_correlation: float | None
    information_per_question: float | None  # in (0, 1]
    constant: int


def average_personalities(activations: np.ndarray) -> np.ndarray:
    """(beliefs, questions), averaged over personalities where there are several."""
    return np.asarray(activations.mean(axis=0) if activations.ndim == 3 else activations)


def coverage(activations: np.ndarray, eps: float = 0.0) -> float:
    """The share of beliefs whose activations sum to more than eps."""
    return float((average_personalities(activations).sum(axis=1) > eps).mean())


def entropy(activations: np.ndarray) -> float:
    """Of the activation's distribution over beliefs, in nats: ln B where all are probed alike, 0 where one is, or none."""
    return _entropy(average_personalities(activations).sum(axis=1))


def _entropy(mass: np.ndarray) -> float:
    share = mass[mass > 0] / max(mass.sum(), 1e-300)
    return max(0.0, float(-(share * np.log(share)).sum()))


def correlations(activations: np.ndarray) -> np.ndarray:
    """(n, n) Pearson correlations of the n questions that do not activate all beliefs alike."""
    active = average_personalities(activations)
    active = active[:, np.ptp(active, axis=0) > 0]
    centred = active - active.mean(axis=0)
    scaled = centred / np.linalg.norm(centred, axis=0)
    return np.asarray(scaled.T @ scaled)


def question_correlation(activations: np.ndarray) -> float | None:
    """Mean correlation over distinct pairs of questions."""
    return _mean_pair(correlations(activations))


def information_per_question(activations: np.ndarray) -> float | None:
    """Effective number of questions over their number: the participation ratio (sum of eigenvalues)² / (sum of their squares) of the correlations, over n.

    1 where questions are uncorrelated, 1 / n where all are one. The sums are n and the sum of squared correlations, so no eigenvalue need be found.
    """
    return _independence(correlations(activations))


def examine(activations: np.ndarray) -> Examination:
    """All measures at once."""
    matrix = correlations(activations)
    return Examination(
        coverage=coverage(activations),
        entropy=entropy(activations),
        question_correlation=_mean_pair(matrix),
        information_per_question=_independence(matrix),
        constant=activations.shape[-1] - len(matrix),
    )


def examine_sparse(test: Activations, asked: np.ndarray) -> Examination:
    """The same of some questions of a test, in time that grows with what they activate: enough for a test that changes in the middle of a run.

    No matrix of correlations is made: of n unit vectors z the sum over pairs is (|sum of z|² - n), and that of squares is not asked for.
    """
    from scipy.sparse import csr_matrix

    rows = csr_matrix((test.weight, test.question, test.start), shape=(len(test.start) - 1, test.questions))
    active = sum(rows[each * test.beliefs : (each + 1) * test.beliefs] for each in range(test.personalities)).tocsc()[:, asked] / test.personalities
    mass, means = np.asarray(active.sum(axis=1)).ravel(), np.asarray(active.mean(axis=0)).ravel()
    norms = np.sqrt(np.maximum(0.0, np.asarray(active.multiply(active).sum(axis=0)).ravel() - test.beliefs * means**2))
    vary = norms**2 > FLAT * test.beliefs
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=vary)
    total, count = active @ scale - means @ scale, int(vary.sum())
    return Examination(
        coverage=float((mass > 0).mean()),
        entropy=_entropy(mass),
        question_correlation=float((total @ total - count) / (count * (count - 1))) if count > 1 else None,
        information_per_question=None,
        constant=len(asked) - count,
    )


def _mean_pair(matrix: np.ndarray) -> float | None:
    count = len(matrix)
    return float((matrix.sum() - np.trace(matrix)) / (count * (count - 1))) if count > 1 else None


def _independence(matrix: np.ndarray) -> float | None:
    return float(len(matrix) / np.square(matrix).sum()) if len(matrix) > 1 else None
