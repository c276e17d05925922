"""Agreement by capability, by model and overall."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.domains.convergence.sections.agreement import Agreement
from harness.domains.convergence.sections.agreement_figure import draw
from harness.errors import HarnessError
from harness.report.addresses import value_at
from harness.report.build import build
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from seen_report import Seen, table
from tests.domains.convergence.samples import CAPABILITIES, part, prose_part, recheck, row, write_records


def names(text: str) -> list[str]:
    return [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")][2:]


def test_capabilities_stand_by_name_and_overall_comes_last(told: Path) -> None:
    """In the table as in the figure."""
    text = prose_part(told, "Agreement").partition("**Each model")[0]
    assert names(text) == [*sorted(CAPABILITIES), "overall"]
    assert "by tfidf, with its interval" in text


def test_models_are_ranked_best_first_and_those_without_a_number_last(tmp_path: Path) -> None:
    """A negative agreement stands before none."""
    gap = {"low": None, "high": None}
    values = {"a": -0.2, "b": None, "c": 0.5, "d": 0.0}
    build(write_records(tmp_path, *(row(0, "model", name, value=value, **gap) for name, value in values.items())))
    assert names(prose_part(tmp_path, "Agreement")) == ["c", "d", "a", "b"]
    assert not (tmp_path / "figures" / "agreement.png").exists()


def test_a_value_without_an_interval_has_no_bar_and_no_value_has_no_point() -> None:
    """What is not known is not drawn, and the hatched line says so."""
    axes = draw([*(row(place, "capability", name) for place, name in enumerate(CAPABILITIES)), row(1, "overall")]).axes[0]
    points = [float(y) for line in axes.lines if line.get_marker() == "o" for y in line.get_ydata()]
    assert points == [0.0, 1.0, 2.0, 4.0, 5.0]
    assert [float(bar[0][1]) for bar in axes.collections[0].get_segments()] == [0.0, 1.0, 2.0, 5.0]
    assert len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert [text.get_text() for text in axes.texts][8:11] == [".30 [.23, .38]", "not measured", "−.04 no interval"]


def test_the_key_names_only_what_occurs() -> None:
    """Baselines that nobody stated are neither drawn nor named."""
    bare = row(0, "capability", "a", mismatched_same=None, echo=None, null=None)
    assert [text.get_text() for text in draw([bare]).texts] == ["agreement", "any other prompt"]


def test_the_picture_carries_the_address_of_each_number_drawn(told: Path) -> None:
    """Values, both ends of intervals, and baselines of the six lines."""
    with Image.open(told / "figures" / "agreement.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((told / "results.json").read_text())
    assert all(value_at(tree, where) is not None for where in addresses)
    assert len(addresses) == 5 + 2 * 4 + 4 * 6 - 1


def test_the_tables_hold_values_intervals_and_baselines(told: Path) -> None:
    """Each number with its address; a missing one is said to be missing."""
    text = prose_part(told, "Agreement")
    assert "| truthfulness | .42 | [.35, .50] | .06 | .13 | .21 | .04 | < .001 | .005 | 150 | 14 |" in text
    assert "| uncertainty_expression | not measured | no interval | .06 | .13 | not measured | .04 | not measured | not measured | 150 | 14 |" in text
    assert "| context_awareness | −.04 | no interval |" in text
    assert ("−.04", "sections/agreement/capability context_awareness/value") in table(told)
    assert {"value": "0.35", "title": "sections/agreement/capability truthfulness/low"} in Seen(part(told, "agreement")).data


def test_an_agreement_without_any_number_is_drawn(tmp_path: Path) -> None:
    """Only gaps: a picture that says so, and no column for what no row states."""
    gaps = dict.fromkeys(("value", "low", "high", "mismatched_any", "mismatched_same", "echo", "null", "p", "p_holm"))
    build(write_records(tmp_path, row(0, "overall", **gaps)))
    assert (tmp_path / "figures" / "agreement.png").exists()
    assert "| capability | agreement | interval | prompts | models |" in prose_part(tmp_path, "Agreement")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": "x"}, r"at '\$\.value'"),
        ({"value": True}, r"at '\$\.value'"),
        ({"value": 1e9}, r"at '\$\.value'"),
        ({"p": 2.0}, r"at '\$\.p'"),
        ({"n_prompts": 1.5}, r"at '\$\.n_prompts'"),
        ({"kind": "prompt"}, r"at '\$\.kind'"),
        ({"of": ""}, "of names a capability or a model"),
        ({"kind": "overall"}, "of names a capability or a model"),
        ({"low": None}, "low and high bound no interval"),
        ({"low": 0.6}, "low and high bound no interval"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The field or the reason is named."""
    with pytest.raises(HarnessError, match=reason):
        recheck(Agreement(), row(0, "capability", "a"), **changes)


def test_without_records_there_is_no_trace(bare: Path) -> None:
    """No heading, no link, no figure, no word."""
    page, text = (bare / "index.html").read_text(), (bare / "clean_result.md").read_text()
    for name in ("agreement", "similarity", "clusters", "ranking", "pairs"):
        assert f"section-{name}" not in page
    for heading in ("### Agreement", "How alike", "### Clusters", "Expected behaviour", "Sample pairs", "figures/agreement"):
        assert heading not in page + text


def test_hostile_words_stay_text(tmp_path: Path) -> None:
    """Capabilities, models and measures become no markup."""
    build(write_records(tmp_path, row(0, "capability", HOSTILE, measure=HOSTILE), row(1, "model", HOSTILE, measure=HOSTILE)))
    assert_stays_text(tmp_path, images=2)
