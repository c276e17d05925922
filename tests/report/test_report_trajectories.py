"""Declared trajectories: the figure, its table, and what a declaration may say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from harness.errors import HarnessError
from harness.records import Results
from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.forest import panels
from harness.report.numbers import Numbers
from harness.report.trajectories import Entry, Grid, grids
from harness.report.trajectory_figure import draw_grid, make_strands, trajectory
from harness.report.view import View
from harness.store import write_json
from hostile_text import CONTROL
from sample_cells import HOSTILE
from sample_leakage import SOURCES, TRAJECTORY, leakage, rate, write_leakage
from seen_figure import words as texts_of
from seen_report import Seen, foreign_links, unaddressed


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources, three behaviours, two epochs, with the report."""
    folder = write_leakage(tmp_path_factory.mktemp("leakage"))
    build(folder)
    return folder


def grid(results: Results) -> Grid:
    return grids(View(results))[0]


def entry(found: Grid, *values: str) -> Entry:
    return next(entry for entry in found.entries if entry.values == values)


def words(found: Entry) -> list[str]:
    return [point.word for points in found.points for point in points]


def test_the_axes_keep_their_declared_order() -> None:
    """Rows, columns and x follow experiment.yaml, not the alphabet; an axis of a role follows the role; another scale's axes are not used."""
    assert grid(leakage(3, 3, 2)).orders == (("villain", "comedian", "librarian"), ("refusal", "agreement", "capability"), ("1", "2"))
    design = leakage(3).design
    roles = {"axes": {**design["axes"], "source": {"role": "source"}}, "roles": {"source": ["librarian", "villain", "comedian"]}}
    scales = {"pilot": {"axes": {"behaviour": ["capability", "refusal", "agreement"]}}, "full": {"axes": {"epoch": [2, 1]}}}
    found = grid(leakage(3, design={**design, **roles, "scales": scales}))
    assert found.orders == (("librarian", "villain", "comedian"), ("capability", "refusal", "agreement"), ("1", "2"))


def test_every_point_of_the_design_is_there_and_what_is_missing_has_a_word() -> None:
    """A line not measured, a blocked cell and a promised cell without a record are three entries without numbers."""
    found = grid(leakage())
    assert len(found.entries) == 12
    assert words(entry(found, "villain", "capability", "2")) == ["", "", "missing"]
    assert words(entry(found, "comedian", "agreement", "1")) == ["blocked"] * 3
    lost = entry(found, "comedian", "capability", "2")
    assert (lost.cell, lost.verdict, words(lost)) == (None, "missing", ["missing"] * 3)


def test_a_missing_point_breaks_the_line_and_a_negative_one_stays_negative() -> None:
    """Nothing is drawn as zero: the canary of agreement lies below it, and the gap of capability is a gap."""
    found = grid(leakage(2, 3, 3))
    agreement = [one for one in found.entries if one.values[:2] == ("villain", "agreement")]
    capability = [one for one in found.entries if one.values[:2] == ("villain", "capability")]
    values = [
        [point.measurement and point.measurement.value for _, point in make_strands(found, found.orders[2], panel)[2].points]
        for panel in (agreement, capability)
    ]
    assert values == [[-0.03] * 3, [0.02, None, 0.02]]


def test_cells_repeated_over_more_than_the_axes_are_lines_of_their_own() -> None:
    """Two seeds are not joined into one zigzag: each is a strand, and the table has a column for it."""
    plain = leakage(1, 1, 3)
    twice = [
        msgspec.structs.replace(cell, id=f"{cell.id[:-1]}-{seed}]", params={**cell.params, "seed": seed})
        for cell in plain.cells
        if cell.owner == "P1"
        for seed in (1, 2)
    ]
    found = grid(msgspec.structs.replace(plain, cells=tuple(twice), missing=()))
    assert found.names == ("source", "behaviour", "epoch", "seed")
    assert [len(strand.points) for strand in make_strands(found, found.orders[2], list(found.entries))] == [2] * 6


def test_a_grid_may_lack_columns() -> None:
    """Without columns the other axis is one that the cells are repeated over."""
    declared = {**TRAJECTORY, "columns": ""}
    found = grid(leakage(design={**leakage().design, "trajectories": {"leakage": declared}}))
    assert found.names == ("source", "epoch", "behaviour")
    assert found.across == 1
    assert set(trajectory(View(leakage()), found)) == {"trajectory_leakage.png", "trajectory_leakage.svg"}


def test_the_picture_carries_the_address_of_every_point(told: Path) -> None:
    """Each value and interval that is drawn can be looked up, and each measured value of the lines is drawn."""
    with Image.open(told / "figures" / "trajectory_leakage.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((told / "results.json").read_text())
    assert all(value_at(tree, where) is not None for where in addresses)
    measured = [found for cell in tree["cells"] if cell["owner"] == "P1" for found in cell["measurements"]]
    assert sum(where.endswith("/value") for where in addresses) == len(measured) > 20


def test_the_table_of_the_page_holds_one_row_a_cell(told: Path) -> None:
    """Value, interval and N with their addresses, the word where there is no number, the verdict with its reason."""
    section = (told / "index.html").read_text().partition('<section id="trajectories">')[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(?:(?!</tr>).)*</tr>", section.partition("<tbody>")[2])
    assert len(rows) == 12
    negative = next(row for row in rows if "agreement" in row and "villain" in row)
    assert '<data value="-0.03" title="cells/P1[villain-agreement-1]/measurements/canary/value">−.03</data>' in negative
    assert rows[5].count('<td class="none">missing</td>') == 1
    assert next(row for row in rows if "blocked" in row).count('<td class="none">blocked</td>') == 3
    assert "the adapter of 2 epochs does not load" in section
    assert "<data" not in rows[-1] and "no record" in rows[-1]


def test_every_number_of_the_page_is_the_one_at_its_address(told: Path) -> None:
    """The law of the page holds for the new sections too, and the page stays whole."""
    page = Seen((told / "index.html").read_text())
    tree = json.loads((told / "results.json").read_text())
    own = [number for number in page.data if number["title"].startswith("cells/P1")]
    assert page.open == [] and page.tags.count("img") == 2
    assert len(own) > 100
    found = [(number["value"], value_at(tree, number["title"])) for number in own]
    assert all(told == ("" if value is None else str(value)) for told, value in found)


def test_the_clean_result_holds_figure_and_table_and_no_digit_without_address(told: Path) -> None:
    """Strike out what the address table lists, and no digit of the new part is left."""
    text = (told / "clean_result.md").read_text()
    part = text.partition("### leakage: source")[2].partition("### Standing caveats")[0]
    assert "](figures/trajectory_leakage.png)" in part
    assert "| `comedian` | `capability` | `2` | missing | missing | missing | missing: no record |" in part
    assert unaddressed(part, told) == []


def test_two_hundred_cells_stay_readable(tmp_path: Path) -> None:
    """The page folds its table, the clean result shows twelve rows and says where the rest is, and the hero figure is not buried."""
    folder = write_leakage(tmp_path, 10, 4, 4)
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    assert len(re.findall(r"^\| `\w+` \| `\w+` \| `\d` \|", text, re.M)) == 12
    assert "Not all rows stand here, of 159 cells; the rest stand in `index.html`" in text
    assert "<details><summary>source × behaviour × epoch" in page
    view = View(leakage(10, 4, 4))
    assert sum(len(panel.marks) for panel in panels(view, Numbers(view.tree))) == 11


def test_an_unknown_measurement_and_a_test_without_cells_are_told() -> None:
    """A misspelt line is not silently empty, and a figure without cells says so."""
    declared = {**TRAJECTORY, "lines": ["sorce"]}
    assert grid(leakage(design={"trajectories": {"leakage": declared}})).notes == ["No cell holds a measurement called 'sorce'. Did you mean 'source'?"]
    empty = leakage(design={"trajectories": {"leakage": {**TRAJECTORY, "of": "P2"}}})
    assert grid(empty).notes == ["No cell of this run belongs to P2."]
    assert len(trajectory(View(empty), grid(empty))) == 2


def test_a_design_that_cannot_be_read_is_one_line() -> None:
    """The line names the trajectory and what does not fit."""
    with pytest.raises(HarnessError, match=r"design/trajectories/leakage: does not fit: .*lines"):
        grids(View(leakage(design={"trajectories": {"leakage": {**TRAJECTORY, "lines": "source"}}})))


def hostile(value: Any) -> Any:
    """The tree with hostile text in the trajectory's words and in the values of its cells, the same wherever they meet."""
    names = {
        name: f"{name} {HOSTILE}" for name in ("P1", "source", "behaviour", "epoch", "target", "villain", "refusal", "prompt", "Wilson", "leakage", "rate")
    }
    if isinstance(value, dict):
        return {names.get(key, key): hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """No name of a trajectory becomes markup of the page or of the clean result, or part of a path."""
    folder = write_leakage(tmp_path)
    tree = json.loads((folder / "results.json").read_text())
    write_json(folder / "results.json", hostile(tree))
    build(folder)
    raw, text = (folder / "index.html").read_text(), (folder / "clean_result.md").read_text()
    page = Seen(raw)
    assert page.open == [] and "script" not in page.tags and page.tags.count("img") == 2
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token.content for token in flat if token.type in ("html_block", "html_inline")] and foreign_links(flat) == []
    assert [token.attrs["src"] for token in flat if token.type == "image"] == ["figures/hero.png", "figures/trajectory_0.png"]
    assert not CONTROL.search(raw + text)


def test_long_names_and_many_panels_give_pages_without_a_cut_text() -> None:
    """At most forty panels a picture, whole rows of them; names go on in further lines."""
    plain = leakage(10, 4, 2)
    long = {source: f"{source}_who_has_a_name_that_is_far_too_long_for_a_panel" for source in SOURCES}
    cells = tuple(
        msgspec.structs.replace(cell, params={**cell.params, "source": f"{long[cell.params['source']]}_{copy}"}, id=f"{cell.id}-{copy}")
        for copy in range(2)
        for cell in plain.cells
        if cell.owner == "P1"
    )
    view = View(msgspec.structs.replace(plain, cells=cells, missing=(), design={"trajectories": {"leakage": TRAJECTORY}}))
    found = trajectory(view, grids(view)[0])
    assert list(found) == [f"trajectory_leakage{page}.{kind}" for page in ("", "-2") for kind in ("png", "svg")]
    assert [stem for stem, _ in grids(view)[0].pages] == ["trajectory_leakage", "trajectory_leakage-2"]
    told = ["".join(texts_of(found[f"trajectory_leakage{page}.svg"])) for page in ("", "-2")]
    assert all("…" not in text for text in told)
    assert [[f"{name}_{copy} ·" in text for text in told] for copy in range(2) for name in long.values()] == [[True, False]] * 10 + [[False, True]] * 10


@pytest.mark.parametrize(("arms", "low"), [((), 0.33), ((0.4, 0.0), -0.05)])
def test_rates_fill_their_plot_and_effects_stand_on_zero(arms: tuple[float, ...], low: float) -> None:
    """A rate of .4 to .6 does not leave half of the plot empty; of an effect, zero is what it is compared with."""
    plain = leakage(1, 1, 2)
    measured = tuple(msgspec.structs.replace(rate(line, 0.45 + 0.05 * place), arms=arms) for place, line in enumerate(("source", "target", "canary")))
    cells = tuple(msgspec.structs.replace(cell, measurements=measured) if cell.owner == "P1" else cell for cell in plain.cells)
    found = grid(msgspec.structs.replace(plain, cells=cells, missing=()))
    start, end = draw_grid(found, found.orders[0]).axes[0].get_ylim()
    assert low < start < low + 0.07 and 0.6 < end < 0.7


def test_the_axis_says_what_is_measured(told: Path) -> None:
    """The unit beside the rows, and the name of x below them."""
    found = texts_of((told / "figures/trajectory_leakage.svg").read_bytes())
    assert found.count("rate") == 2 and found.count("epoch") == 1
