"""The map of leaks: each number is that of its record, gaps are hatched, and zero lies in the middle of the colours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.domains.leakage.sections.leak_figure import draw
from harness.domains.leakage.sections.leaks import Leak, Leaks
from harness.errors import HarnessError
from harness.report.numbers import Numbers
from harness.report.sections import validate_record
from harness.report.view import View
from sample_run import results


def leak(source: str, behaviour: str, beyond: float, **changes: Any) -> dict[str, Any]:
    """A leak as results.json has it; the shift of the target is a point more than what is beyond the canary."""
    ends = {f"{name}_{end}": value for name in ("shift", "beyond", "taught") for end, value in (("low", -20.0), ("high", 20.0))}
    about = {"name": f"{behaviour} of {source}", "source": source, "behaviour": behaviour, "unit": "pp", "falls": behaviour == "capability"}
    return about | {"shift": beyond + 1, "beyond": beyond, "taught": beyond - 1} | ends | changes


def record(value: dict[str, Any]) -> Leak:
    return msgspec.convert(value, Leak)


def built(*values: dict[str, Any]) -> list[Any]:
    """The blocks of the section, with numbers as bare text."""
    numbers = Numbers(View(results(sections={"leaks": {value["name"]: value for value in values}})).tree)
    return list(Leaks().build({f"sections/leaks/{value['name']}": record(value) for value in values}, numbers))


SOME = [leak("villain", "refusal", 12.5), leak("villain", "capability", -8.0), leak("comedian", "refusal", -0.25)]


def test_each_tile_is_the_leak_of_its_source_and_behaviour() -> None:
    """Sources from top to bottom, a gap hatched, colours as far on both sides of zero, the unit and the direction below."""
    axes, scale = (figure := draw([record(value) for value in SOME])).axes
    mesh = axes.collections[0]
    assert mesh.get_array().tolist() == [[-0.25, None], [12.5, -8.0]]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (-12.5, 12.5) and len([patch for patch in axes.patches if patch.get_hatch()]) == 1
    assert [text.get_text() for text in axes.texts] == ["−0.25", "12.5", "−8"]
    assert [text.get_text() for text in figure.texts] == ["shift", "comedian", "villain", "refusal (pp)", "capability (pp, falls)"]
    assert [text.get_text() for text in scale.texts] == ["−12.5", "0", "12.5"]


@pytest.mark.parametrize("beyond", [0.0, 1e-9, -100.0])
def test_one_leak_is_a_map(beyond: float) -> None:
    """Also where nothing moved at all: then the colours still have two ends."""
    mesh = draw([record(leak("villain", "refusal", beyond))]).axes[0].collections[0]
    assert mesh.norm.vmin < 0 < mesh.norm.vmax


def test_a_large_study_fits() -> None:
    """Eight sources by four behaviours, with long names."""
    names = [f"a source with a very long name number {number}" for number in range(8)]
    figure = draw([record(leak(name, behaviour, 1.0)) for name in names for behaviour in ("refusal", "sycophancy", "capability", "misalignment")])
    width, height = figure.get_size_inches()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width * figure.dpi and box.y1 <= height * figure.dpi for box in boxes)


def test_the_figure_names_the_address_of_each_number_and_the_table_has_them_all() -> None:
    figure, table = built(*SOME)
    assert sorted(figure.addresses) == sorted(f"sections/leaks/{value['name']}/beyond" for value in SOME)
    assert [column.heading for column in table.columns][3:] == ["shift of the target", "beyond the canary", "beyond convergence alone"]
    assert ["villain", "refusal", "pp", "13.5 [−20, 20]", "12.5 [−20, 20]", "11.5 [−20, 20]"] in [list(row) for row in table.rows]


def test_what_has_no_interval_says_so() -> None:
    _, table = built(leak("villain", "refusal", 3.0, beyond_low=None, beyond_high=None))
    assert table.rows[0][4] == "3 no interval"


@pytest.mark.parametrize(("changes", "reason"), [({"unit": "nats"}, "unit"), ({"falls": "no"}, "falls"), ({"beyond": None}, "beyond"), ({"more": 1}, "more")])
def test_a_record_of_another_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    value = leak("villain", "refusal", 3.0) | changes
    with pytest.raises(HarnessError, match=reason):
        validate_record(Leaks(), value["name"], value)
