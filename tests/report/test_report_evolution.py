"""The sections on the evolution of beliefs: every number by its address, gaps as words, broken facts in one line, hostile texts as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sample_convergence import with_facts, write_convergence
from sample_evolution import cloud, course, deceived, evolution, law, measure, phase, published
from test_report_clean_result import table
from test_report_hostile import HOSTILE, spoiled
from test_report_page import Seen
from test_report_respondents import harmless

from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.view import View

GROUPS = ("Evolution", "Deception", "Phase", "Beliefs", "Published", "Laws")
SECTIONS = ("evolution", "deception", "phases", "beliefs", "published", "laws")
STEMS = ("evolution", "deception", "phases", "beliefs")


def seen(**groups: Any) -> View:
    return View(with_facts(**groups))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all groups."""
    folder = write_convergence(tmp_path_factory.mktemp("evolution"), **evolution())
    build(folder)
    return folder


def both(folder: Path) -> tuple[str, str]:
    return (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()


def test_each_group_has_its_section_and_its_figure(told: Path) -> None:
    """Sections, links to them, pictures, and the list of artifacts."""
    text, page = both(told)
    for name in SECTIONS:
        assert f'<section id="{name}">' in page and f'href="#{name}"' in page
    for stem in STEMS:
        assert (told / "figures" / f"{stem}.png").exists() and f"`figures/{stem}.svg`" in text and f"(figures/{stem}.png)" in text


@pytest.mark.parametrize(("group", "section"), list(zip(GROUPS, SECTIONS, strict=True)))
def test_a_group_stands_alone(tmp_path: Path, group: str, section: str) -> None:
    """One group makes its own section and none of the others."""
    folder = write_convergence(tmp_path, **{group: evolution()[group]})
    build(folder)
    page = (folder / "index.html").read_text()
    assert [name for name in SECTIONS if f'<section id="{name}">' in page] == [section]


def test_absent_and_empty_groups_leave_no_trace(tmp_path: Path) -> None:
    """The same bytes in every file but results.json, and no link to a section."""
    one, two = write_convergence(tmp_path / "one"), write_convergence(tmp_path / "two", **{group: {} for group in GROUPS})
    assert [path.read_bytes() for path in build(one).paths] == [path.read_bytes() for path in build(two).paths]
    assert not [name for name in SECTIONS if f'"#{name}"' in (one / "index.html").read_text()]


def test_equal_facts_give_equal_bytes(told: Path, tmp_path: Path) -> None:
    """Text, page and pictures, whoever draws them and whenever."""
    again = write_convergence(tmp_path, **evolution())
    assert {path.name: path.read_bytes() for path in build(again).paths} == {path.name: path.read_bytes() for path in build(told).paths}


def test_numbers_stand_with_their_addresses(told: Path) -> None:
    """In the list of the clean result and in the attributes of the page."""
    text, page = both(told)
    addresses = table(text)
    assert ("0.42", "facts/Evolution/rho 0.0/measures/fitness/mean/9") in addresses
    assert ("0.322", "facts/Deception/rho 0.0/end_low") in addresses
    assert ("−0.17", "facts/Phase/true value/mean/1/1") in addresses
    assert ("0.964", "facts/Beliefs/rho 0.0/after/" + str(max(range(300), key=lambda place: cloud(0)["after"][place]))) in addresses
    assert ("5.0004", "facts/Laws/variance under drift/z") in addresses
    assert {"value": "0.059", "title": "facts/Published/rho 0.4 fitness/published_sd"} in Seen(page).data


@pytest.mark.parametrize("stem", STEMS)
def test_a_picture_carries_addresses_that_resolve(told: Path, stem: str) -> None:
    """Each stands in results.json."""
    with Image.open(told / "figures" / f"{stem}.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((told / "results.json").read_text())
    assert addresses and all(value_at(tree, where) is not None for where in addresses)


def test_what_is_missing_is_a_word_and_never_zero(told: Path) -> None:
    """A population that died out, an interval that nobody states, a z that was not computed."""
    text, _ = both(told)
    assert "| `rho 0.8` | `fitness` in `sd of a` | 0 | 0 [−0.0126, 0.0126] | 100 | not measured | 50 |" in text
    assert "| `rho 1.0` | 1 | 0 | 0.002 [−0.003, 0.007] | 0 no interval | 0.004 | not measured | 50 |" in text
    assert "| 0.392 | not stated | not stated | 0.408 no interval | 20,000 | not measured | not compared |" in text


def test_facts_with_nothing_in_them_are_told(tmp_path: Path) -> None:
    """Every field may be missing: no zero appears, and nothing breaks."""
    folder = write_convergence(tmp_path, **{group: {"empty": {}} for group in GROUPS})
    build(folder)
    text, _ = both(folder)
    assert "- `facts/Evolution/empty` `no generation is stated`" in text
    assert "- `facts/Phase/empty` `an axis has no values`" in text
    assert "| `empty` | `no belief is stated` |" in text
    assert "| `empty` | not measured | not measured | not measured | not measured | not measured | not measured | not measured |" in text
    assert "| `empty` | not decided | not measured | not measured |" in text
    assert "| `empty` | not stated | not measured | not stated | not stated | not measured | not stated | not measured | not compared |" in text


BROKEN = (None, "text", 3, [], True)


def test_a_fact_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    """It is told in one line in both tellings, and the sound one is told and drawn."""
    sound = {"Evolution": course(0), "Deception": deceived(0.4), "Phase": phase(3, 3), "Beliefs": cloud(0), "Published": published(), "Laws": law()}
    found = {group: {**{f"broken {place}": value for place, value in enumerate(BROKEN)}, "sound": sound[group]} for group in GROUPS}
    folder = write_convergence(tmp_path, **found)
    build(folder)
    text, page = both(folder)
    assert text.count("`cannot be read:") == page.count(">cannot be read:") + page.count("</code> cannot be read:") == len(BROKEN) * len(GROUPS)
    assert all((folder / "figures" / f"{stem}.png").exists() for stem in STEMS)
    assert "`rho 0.0` | `fitness`" in text and "| agrees |" in text and "| holds |" in text


@pytest.mark.parametrize("size", [1e300, -1e21, 1e-300, 1e20])
def test_numbers_of_any_size_are_told_or_refused(tmp_path: Path, size: float) -> None:
    """Neither a figure nor a table breaks."""
    found = {
        "Evolution": {"a": course(0, measures={"fitness": measure("u", size)})},
        "Phase": {"a": phase(2, 2, mean=[[size, 0.0], [None, 1.0]], xs=[size, 1.0])},
        "Laws": {"a": law(z=size, observed=size)},
        "Published": {"a": published(ours=size)},
        "Beliefs": {"a": cloud(0, 20, value=[size] * 20)},
        "Deception": {"a": deceived(0.0, enrichment=size)},
    }
    folder = write_convergence(tmp_path, **found)
    build(folder)
    assert "### Laws of the simulation" in (folder / "clean_result.md").read_text()


def test_hostile_words_stay_text(tmp_path: Path) -> None:
    """Names, units, axes, notes and sentences become no markup, in table or figure."""
    found = {group: {f"{HOSTILE}{name}": value for name, value in spoiled(evolution()[group]).items()} for group in GROUPS}
    for arm in found["Evolution"].values():
        arm["measures"] = {HOSTILE: next(iter(arm["measures"].values()))}
    folder = write_convergence(tmp_path, **{group: {**value, HOSTILE: HOSTILE} for group, value in found.items()})
    build(folder)
    harmless(folder, pictures=5)
    assert "<script" not in (folder / "index.html").read_text(encoding="utf-8")
