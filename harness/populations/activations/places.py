"""Meanings as points on a sphere: beliefs, questions and personalities lie near or far from each other."""

from __future__ import annotations

import numpy as np

from harness.populations.stream import Purpose, Stream


def places(count: int, dimensions: int, purpose: Purpose, stream: Stream) -> np.ndarray:
    """(count, dimensions) unit vectors, even on the sphere: normals over their length."""
    normals = stream.normals(purpose, count * dimensions).reshape(count, dimensions)
    return np.asarray(unit_length(normals))


def unit_length(points: np.ndarray) -> np.ndarray:
    """The points scaled to length 1; one at the very middle is left there."""
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-300))
