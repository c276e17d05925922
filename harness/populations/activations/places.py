"""Meanings as points on a sphere: beliefs, questions and personalities lie near or far from each other."""

from __future__ import annotations

import numpy as np

from harness.populations.stream import Purpose, Stream


def places(count: int, dimensions: int, purpose: Purpose, stream: Stream) -> np.ndarray:
    """(count, dimensions) unit vectors, even on the sphere: normals (Box and Muller) over their length. By numpy, all at once: no kernel repeats this."""
    pairs = stream.uniforms(purpose, 2 * -(-count * dimensions // 2)).reshape(-1, 2)
    radius, angle = np.sqrt(-2.0 * np.log1p(-pairs[:, 0])), 2.0 * np.pi * pairs[:, 1]
    normals = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).ravel()[: count * dimensions].reshape(count, dimensions)
    return np.asarray(unit_length(normals))


def unit_length(points: np.ndarray) -> np.ndarray:
    """The points scaled to length 1; one at the very middle is left there."""
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-300))
