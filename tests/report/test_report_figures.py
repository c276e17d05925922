"""The hero figure: what it shows, in which order, whole and on pages that can be read."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from harness.records import Measurement, Results, Threshold, decode, encode
from harness.report.addresses import value_at
from harness.report.figures import hero
from harness.report.forest import Panel, panels
from harness.report.forest_pages import split_pages
from harness.report.margins import Bar
from harness.report.numbers import Numbers
from harness.report.text_width import text_width
from harness.report.view import View
from hostile_text import CONTROL, spoiled
from sample_cells import accuracy
from sample_run import hypotheses, results
from seen_figure import size_of, texts, words


def shown(**changes: Any) -> list[Panel]:
    view = View(results(**changes))
    return panels(view, Numbers(view.tree))


def test_every_cell_of_the_primary_hypothesis_has_a_line() -> None:
    """Nine points were promised; six have a number, and the other three are there and have none."""
    found = shown()
    marks = [mark for panel in found if panel.title != "controls" for mark in panel.marks]
    assert [panel.title for panel in found] == ["H1 · capability", "H1 · agreement", "H1 · refusal", "controls"]
    assert len(marks) == 9
    assert sum(mark.value is None for mark in marks) == 3
    assert all(mark.note for mark in marks if mark.value is None)


def test_a_supported_hypothesis_is_shown_though_it_is_not_primary() -> None:
    """After the primary one and before the controls; a falsified one is not."""
    others = [replace(each, verdict="supported") if each.id == "H2" else each for each in hypotheses()]
    other = replace(results().cells[-2], measurements=(accuracy(0.4, "rho"),))
    cells = tuple(other if cell.id == "H2" else cell for cell in results().cells)
    assert [panel.title for panel in shown(hypotheses=tuple(others), cells=cells)][-2:] == ["H2", "controls"]
    assert "H2" in words(hero(View(results(hypotheses=tuple(others), cells=cells)))["hero.svg"])
    assert "H2" not in words(hero(View(results(cells=cells)))["hero.svg"])


def test_a_control_is_named_by_its_id() -> None:
    """With its parameters and what it is for; a control that was promised and has no number is named, too."""
    marks = shown()[-1].marks
    assert [mark.label for mark in marks] == ["C1 assistant, negative control", "C2, positive control"]
    assert "C1 assistant, negative control" in " ".join(words(hero(View(results()))["hero.svg"]))


def test_the_axis_says_what_it_measures_in_which_unit() -> None:
    """A bare value needs no unit; where controls measure different things the axis names them."""
    assert [panel.label for panel in shown()] == ["shift (pp)", "shift (rate)", "shift (rate)", "shift (pp)"]
    assert words(hero(View(results()))["hero.svg"]).count("shift (pp)") == 2
    other = Measurement(name="rise", value=0.2, unit="value", n=9, sampling_unit="run")
    cells = tuple(replace(cell, measurements=(other,)) if cell.id.startswith("H1[villain") else cell for cell in results().cells)
    assert shown(cells=cells)[0].label == "rise"


def test_numbers_stand_in_numeric_order_and_are_named() -> None:
    """Epoch 2 before epoch 10, whatever the order of the cells; other values stand as the design declares them."""
    plain = next(cell for cell in results().cells if cell.id == "H1[villain-refusal]")
    places = [(source, epoch) for epoch in (10, 1, 2) for source in ("pirate", "villain")]
    cells = tuple(replace(plain, id=f"H1[{source}-{epoch}]", params={"source": source, "epoch": epoch}) for source, epoch in places)
    (panel, *others) = shown(cells=cells, missing=(), design={"axes": {"source": ["villain", "pirate"]}})
    assert [(panel.title, [mark.label for mark in panel.marks]), *((other.title, len(other.marks)) for other in others)] == [
        ("H1 · villain", ["epoch 1", "epoch 2", "epoch 10"]),
        ("H1 · pirate", 3),
    ]


def test_a_promised_cell_without_a_record_stands_in_its_place() -> None:
    """Its parameters are known by its id, and so is its line among those of its panel."""
    first = shown(design={"axes": {"persona": ["librarian", "comedian", "villain"]}})[0]
    assert [(mark.label, mark.note) for mark in first.marks] == [("librarian", ""), ("comedian", "not measured: no record"), ("villain", "")]


def test_what_was_not_measured_and_what_has_no_interval_differ() -> None:
    """A blocked cell names what blocked it; a bare number says that it has no interval."""
    notes = {mark.note for panel in shown() for mark in panel.marks if mark.note}
    assert {"not measured: blocked by G3", "not measured: error"} <= notes
    cells = tuple(replace(cell, measurements=(accuracy(0.4, "shift"),)) if cell.id == "H1[villain-refusal]" else cell for cell in results().cells)
    assert ".40 no interval" in [mark.text for panel in shown(cells=cells) for mark in panel.marks]


def test_long_names_are_drawn_whole() -> None:
    """They go on in further lines, inside the picture, and no text is cut."""
    name = "a_persona_of_a_very_long_name_that_goes_on_and_on_" * 4
    cells = tuple(
        replace(cell, params={**cell.params, "persona": f"{name}{cell.params['persona']}"}) if cell.owner == "H1" else cell for cell in results().cells
    )
    pictures = hero(View(results(cells=cells, missing=())))
    for picture in (pictures["hero.svg"], pictures["hero-narrow.svg"]):
        told = "".join(words(picture))
        assert f"{name}villain" in told and "…" not in told
        assert_inside(picture)


@pytest.mark.parametrize("count", [2, 20, 40])
def test_long_names_leave_the_axes_their_room(count: int) -> None:
    """Two columns would give a name of a model behind a server four lines, and its axis an inch: then there is one, and no label runs into the next."""
    found, name = many(count), "vllm/a-model-{}-of-this-name@http://127.0.0.1:80/v1"
    cells = tuple(replace(cell, params={**cell.params, "place": name.format(cell.params["place"])}) for cell in found.cells)
    picture = hero(View(replace(found, cells=cells)))["hero.svg"]
    assert_inside(picture)
    assert size_of(picture)[0] == pytest.approx(8.6 * 72)
    lines = sorted(text.y for text in texts(picture) if text.anchor == "end")
    first, second = lines[::2], lines[1::2]  # of labels of two lines each
    within, between = ([b - a for a, b in zip(*pair, strict=False)] for pair in ((first, second), (second, first[1:])))
    assert len(lines) == 2 * count and min(between) > max(within) + 3


def assert_inside(picture: bytes) -> None:
    """Every text ends inside the picture, as wide as it is in the widest of its fonts."""
    width, height = size_of(picture)
    for text in texts(picture):
        wide = text_width(text.text, text.size) * 72
        left = text.x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.anchor]
        assert left >= -0.5 and left + wide <= width + 0.5 and 0 < text.y <= height, text


def many(count: int) -> Results:
    """That many cells of the primary hypothesis in two panels."""
    pair = [next(cell for cell in results().cells if cell.id == f"H1[{name}]") for name in ("villain-capability", "villain-refusal")]
    named = [(place, cell, cell.params["behaviour"]) for place in range(count // 2) for cell in pair]
    cells = [replace(cell, id=f"H1[{place}-{name}]", params={"place": place, "behaviour": name}) for place, cell, name in named]
    return results(cells=tuple(cells), missing=())


def test_six_hundred_cells_give_pages_of_at_most_forty_lines() -> None:
    """Each cell stands once, each page is a picture of its own that fits a screen, and the pages of one panel share their axis."""
    pages = split_pages(shown(cells=many(600).cells, missing=()))
    assert max(sum(len(panel.marks) for panel in page) for page in pages) == 40
    labels = [(panel.title.removesuffix(" (continued)"), mark.label) for page in pages for panel in page for mark in panel.marks]
    assert len(set(labels)) == len(labels) == 600
    assert len({panel.limits for page in pages for panel in page}) == 2
    pictures = hero(View(many(100)))
    assert list(pictures) == ["hero.png", "hero.svg", "hero-narrow.svg", "hero-2.png", "hero-2.svg", "hero-3.png", "hero-3.svg"]
    for name in ("hero.png", "hero-2.png", "hero-3.png"):
        with Image.open(io.BytesIO(pictures[name])) as picture:
            assert picture.height < 0.6 * picture.width
    assert "H1 · refusal (continued)" in words(pictures["hero-3.svg"])


def test_a_few_cells_fit_the_first_screen_of_a_page() -> None:
    """Eleven lines are at most 350 pixels high where the page shows them 1016 wide."""
    width, height = size_of(hero(View(results()))["hero.svg"])
    assert height * 1016 / width <= 350


def test_a_telephone_shows_letters_of_eleven_pixels() -> None:
    """At 308 pixels of width, which a page of 360 leaves for a picture; and no text leaves the picture."""
    picture = hero(View(results()))["hero-narrow.svg"]
    assert min(text.size for text in texts(picture)) * 308 / size_of(picture)[0] >= 11
    assert_inside(picture)
    assert_inside(hero(View(results()))["hero.svg"])


def test_hostile_texts_stay_texts_of_the_picture() -> None:
    """The SVG is well formed, holds no element that a text made, and shows what is hidden."""
    view = View(decode(spoiled(json.loads(json.dumps(encode(results())))), Results))
    for picture in (hero(view)["hero.svg"], hero(view)["hero-narrow.svg"]):
        told = "".join(words(picture))
        assert "<script>" in told and b"<script" not in picture and not CONTROL.search(told)
        assert "\\u202e" in told


def test_equal_results_give_equal_bytes() -> None:
    """Whatever was drawn before."""
    first = hero(View(results()))
    hero(View(many(4)))
    assert hero(View(results())) == first


def test_the_effect_is_drawn_and_not_the_baseline_that_came_first() -> None:
    """A cell that measured its two arms before their difference shows the difference, which its criterion judged."""
    before = (accuracy(0.5, "before"), accuracy(0.42, "after"))
    cells = tuple(replace(cell, measurements=(*before, *cell.measurements)) if cell.id == "H1[villain-capability]" else cell for cell in results().cells)
    view = View(results(cells=cells))
    first = panels(view, Numbers(view.tree))[0]
    assert (first.unit, first.marks[0].value) == ("pp", -8.25)


def test_panels_never_mix_units() -> None:
    """Percentage points and rates do not share an axis."""
    assert {panel.title: panel.unit for panel in shown()} == {"H1 · capability": "pp", "H1 · agreement": "rate", "H1 · refusal": "rate", "controls": "pp"}


def test_the_threshold_stands_on_the_registered_side() -> None:
    """Either way draws both bars; an increase only the upper one."""
    lines = {panel.title: {line for mark in panel.marks if mark.bar for line in mark.bar.lines} for panel in shown()}
    assert lines == {"H1 · capability": {-5.0, 5.0}, "H1 · agreement": {0.05}, "H1 · refusal": {0.05}, "controls": set()}
    assert [panel.bar for panel in shown()] == ["threshold ±5.0", "threshold ≥ .05", "threshold ≥ .05", ""]


def judged(cell: str, threshold: Threshold, **changes: Any) -> Bar | None:
    """The bar of a cell of the sample run that was judged by this threshold."""
    name = {"effect": "shift", "threshold": threshold.name}
    cells = tuple(replace(each, **name, **changes) if each.id == cell else each for each in results().cells)
    found = shown(cells=cells, thresholds=(threshold,), hypotheses=(hypotheses()[1],), missing=())
    return next(mark.bar for panel in found for mark in panel.marks if mark.bar)


def test_an_interval_that_was_to_stay_within_a_margin_stands_in_it() -> None:
    """A negative control by its polarity, a hypothesis by its declaration or where no other question can have been answered with yes."""
    bar = Threshold(name="still", value=6.0, unit="pp", direction="either")
    assert judged("C1[assistant]", bar) == Bar(text="within ±6.0", lines=(), margin=(-6.0, 6.0), at="thresholds/still")
    found = judged("H1[librarian-capability]", bar, verdict="supported")
    assert found and found.margin == (-6.0, 6.0)


def test_an_effect_that_is_excluded_has_the_margin_that_excludes_it() -> None:
    """Of an increase there is no lower end; an open question has no margin."""
    bar = Threshold(name="rise", value=0.05, unit="rate", direction="increase")
    found = judged("H1[comedian-refusal]", bar)
    assert found and (found.text, found.lines, found.margin) == ("threshold ≥ .05", (0.05,), (None, 0.05))
    fall = Threshold(name="fall", value=9.0, unit="pp", direction="decrease")
    assert judged("H1[librarian-capability]", fall) == Bar(text="threshold ≤ −9.0", lines=(-9.0,), margin=(-9.0, None), at="thresholds/fall")
    assert judged("H1[villain-agreement]", bar) == Bar(text="threshold ≥ .05", lines=(0.05,), margin=None, at="thresholds/rise")


def test_a_declared_question_decides_how_the_threshold_is_drawn() -> None:
    """`within` gives a margin whatever came of it; `exceeds` a level on its own side of zero."""
    bar = Threshold(name="level", value=0.05, unit="rate", direction="decrease")

    def asked(question: str) -> Bar | None:
        declared = {"hypotheses": {"H1": {"criteria": [{"asks": question, "threshold": ""}]}}}
        cells = tuple(replace(each, effect="shift", threshold="level") if each.id == "H1[villain-agreement]" else each for each in results().cells)
        found = shown(cells=cells, thresholds=(bar,), design=declared, missing=())
        return next(mark.bar for panel in found for mark in panel.marks if mark.bar)

    assert asked("within") == Bar(text="within ±.05", lines=(), margin=(-0.05, 0.05), at="thresholds/level")
    assert asked("exceeds") == Bar(text="threshold ≤ .05", lines=(0.05,), at="thresholds/level")
    assert asked("holds") == Bar(text="threshold ≤ −.05", lines=(-0.05,), at="thresholds/level")


def test_the_figure_carries_its_provenance(built: Path) -> None:
    """Copied away from its report, the picture still says what it was drawn from, and no date makes it differ."""
    with Image.open(built / "figures" / "hero.png") as picture:
        told = json.loads(picture.info["Description"])
    tree = json.loads((built / "results.json").read_text())
    assert told["experiment"] == "persona_prompting"
    assert told["promise"] == "b" * 64
    assert told["commit"].startswith("0123")
    assert told["addresses"]
    assert all(value_at(tree, where) is not None for where in told["addresses"])
    svg = (built / "figures" / "hero.svg").read_text()
    assert "persona_prompting" in svg
    assert not re.search(r"<dc:date>", svg)


def test_no_global_state_is_touched() -> None:
    """Drawing leaves pyplot unimported and the user's settings as they were."""
    code = (
        "import sys, matplotlib as m; m.rcParams['font.size'] = 3; sys.path.insert(0, 'tests/support')\n"
        "from sample_run import results\nfrom harness.report.view import View\nfrom harness.report.figures import hero\n"
        "hero(View(results()))\nprint('matplotlib.pyplot' in sys.modules, m.rcParams['font.size'])"
    )
    assert printed(code) == "False 3.0"


def printed(code: str) -> str:
    """What a fresh Python prints that runs `code` at the repository's root."""
    env = {"PYTHONPATH": ".", "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=env, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def test_a_run_without_cells_has_a_figure_that_says_so() -> None:
    """An empty run gives a picture, not a crash."""
    assert set(hero(View(results(cells=(), missing=())))) == {"hero.png", "hero.svg", "hero-narrow.svg"}


def test_importing_the_report_loads_neither_matplotlib_nor_jinja() -> None:
    """The command line stays quick: heavy libraries load on first use."""
    code = "import sys, harness.report.build, harness.report.compare; print({'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules))"
    assert printed(code) == "set()"
