"""Deceptive beliefs by correlation, beside what theory gives."""

from __future__ import annotations

from typing import Any

import pytest

from harness.domains.evolution.sections.deception_figure import draw_deception
from tests.domains.evolution.samples import built, deception, record, refusal


def test_conditions_are_ordered_by_rho_and_theory_is_one_line() -> None:
    """Through the stated points alone."""
    figure, table = built("deception", deception(1.0, name="a"), deception(0.0, name="b"), deception(-0.5, name="c"))
    assert [row[0] for row in table.rows] == ["c", "b", "a"]
    axes = figure.draw().axes
    assert [float(x) for x in axes[0].lines[0].get_xdata()] == [-0.5, 0.0, 1.0]
    assert len(axes) == 2


def test_without_enrichment_there_is_one_axis() -> None:
    """And no word of it in the key, and no address of it in the picture."""
    figure, table = built("deception", deception(1.0))
    drawing = figure.draw()
    assert len(drawing.axes) == 1
    assert "enrichment" not in [text.get_text() for text in drawing.texts]
    assert not [where for where in figure.addresses if "enrichment" in where]
    assert table.rows[0][6] == "not measured"


def test_start_and_end_stand_beside_the_correlation() -> None:
    """On either side of it, so that neither covers the other."""
    axes = draw_deception([record("deception", deception(rho)) for rho in (0.0, 0.4)]).axes[0]
    starts, ends = ([float(x) for line in axes.lines if line.get_marker() == marker for x in line.get_xdata()] for marker in "os")
    assert all(start < rho < end for start, rho, end in zip(starts, (0.0, 0.4), ends, strict=True))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rho": 1.2}, "$.rho"),
        ({"theory": None}, "$.theory"),
        ({"end": None}, "end is no mean inside its interval"),
        ({"start_low": 0.9}, "start is no mean inside its interval"),
        ({"enrichment_high": None}, "enrichment is no mean inside its interval"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("deception", deception(0.4) | changes)
