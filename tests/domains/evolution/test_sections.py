"""All sections on evolution together: each with its figure, every number by its address, hostile texts as text, equal bytes of equal runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from harness.report.addresses import value_at
from harness.report.build import build
from hostile_text import assert_stays_text, spoiled
from sample_cells import HOSTILE
from seen_report import Seen, table
from tests.domains.evolution.samples import cloud, course, deception, evolution, law, named, phase, published, refusal, write_evolution

TITLES = {
    "laws": "Laws of the simulation", "courses": "Evolution", "deception": "Deceptive beliefs", "phases": "Phase maps", "beliefs": "Beliefs before and after",
    "published": "Published beside ours",
}  # fmt: skip
STEMS = {"courses": "courses-1", "deception": "deception", "phases": "phases", "beliefs": "beliefs"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with records of all sections."""
    return write_evolution(tmp_path_factory.mktemp("evolution"), **evolution())


def test_each_section_stands_in_both_forms_in_its_order(folder: Path) -> None:
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    headings = [text.index(f"### {title}\n") for title in TITLES.values()]
    sections = [page.index(f'<section id="section-{name}"><h2>{title}</h2>') for name, title in TITLES.items()]
    assert headings == sorted(headings) and sections == sorted(sections)
    for stem in STEMS.values():
        assert (folder / f"figures/{stem}.png").exists() and f"(figures/{stem}.png)" in text


@pytest.mark.parametrize("name", TITLES)
def test_a_section_stands_alone(tmp_path: Path, name: str) -> None:
    """Records of one section make no other, and no figure but its own."""
    page = (write_evolution(tmp_path, **{name: evolution()[name]}) / "index.html").read_text()
    assert [other for other in TITLES if f'<section id="section-{other}"' in page] == [name]
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"hero", "hero-narrow", *([STEMS[name]] if name in STEMS else [])}


def test_equal_records_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    """Text, page and pictures, whenever they are drawn."""
    again = write_evolution(tmp_path, **evolution())
    assert {path.name: path.read_bytes() for path in build(again).paths} == {path.name: path.read_bytes() for path in build(folder).paths}


def test_numbers_stand_with_their_addresses(folder: Path) -> None:
    """In the list of the clean result; each of the page is the one at its address."""
    addresses = table(folder)
    assert ("0.42", "sections/courses/rho 0.0/measures/fitness/mean/9") in addresses
    assert ("0.322", "sections/deception/rho 0.0/end_low") in addresses
    assert ("−0.17", "sections/phases/true value/mean/1/1") in addresses
    after = cloud(0)["after"]
    assert ("0.964", f"sections/beliefs/rho 0.0/after/{after.index(max(after))}") in addresses
    assert ("5.0004", "sections/laws/variance under drift/z") in addresses
    assert ("0.059", "sections/published/fitness, rho 0.4/published_sd") in addresses
    tree = json.loads((folder / "results.json").read_text())
    own = [number for number in Seen((folder / "index.html").read_text()).data if number["title"].startswith("sections/")]
    assert len(own) > 500 and all(number["value"] == str(value_at(tree, number["title"])) for number in own)


@pytest.mark.parametrize("stem", STEMS.values())
def test_a_picture_carries_addresses_that_resolve(folder: Path, stem: str) -> None:
    with Image.open(folder / f"figures/{stem}.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((folder / "results.json").read_text())
    assert addresses and all(value_at(tree, where) is not None for where in addresses)


def test_what_is_missing_is_a_word_and_never_zero(folder: Path) -> None:
    """A population that died out, an enrichment that has no meaning, a z that is not finite."""
    text = (folder / "clean_result.md").read_text()
    assert "| rho 0.8 | fitness (sd of a) | 0 | 0 [−0.0126, 0.0126] | 100 | not measured | 50 |" in text
    assert "| 0.004 | not measured | 50 |" in text
    assert "| fixation | does not hold | not finite | 5 |" in text


@pytest.mark.parametrize("size", [-1e20, -1e-300, 1e-300, 9e19])
def test_numbers_of_any_size_are_shown(tmp_path: Path, size: float) -> None:
    """Neither a figure nor a table breaks."""
    flat = {"name": "fitness", "unit": "u", "mean": [size] * 10, "low": [size] * 10, "high": [size] * 10}
    grid = [[size, 0.0], [None, 1.0]]
    found = {
        "courses": course(0, measures=[flat]),
        "phases": phase("a", 2, 2, mean=grid, low=grid, high=grid, xs=[size, 1.0]),
        "laws": law("a", z=size, observed=size, holds=False),
        "published": published("a", ours=size, low=size, high=size),
        "beliefs": cloud(0, 20, value=[size] * 20),
        "deception": deception(0.0, enrichment=size, enrichment_low=size, enrichment_high=size),
    }
    folder = write_evolution(tmp_path, **{section: named(value) for section, value in found.items()})
    assert "### Published beside ours" in (folder / "clean_result.md").read_text()


@pytest.mark.parametrize("size", [1e21, 1e300, float("nan")])
def test_a_number_that_cannot_be_drawn_is_refused(size: float) -> None:
    assert "sections/laws/a" in refusal("laws", law("a", observed=size))


def test_hostile_words_stay_text(tmp_path: Path) -> None:
    """Names, units, axes, notes and sentences become no markup, in table or figure."""
    found = {}
    for section, records in evolution().items():
        first = {**spoiled(next(iter(records.values()))), "name": HOSTILE}
        if section == "courses":
            first["measures"] = first["measures"][:1]
        found[section] = {HOSTILE: first, **({} if section == "courses" else named({**first, "name": f"{HOSTILE}2"}))}
    write_evolution(tmp_path, **found)
    assert_stays_text(tmp_path, images=5)
