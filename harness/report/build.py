"""From a run folder to its report: everything is drawn from results.json, the samples, history.jsonl and notes.md, so equal inputs give equal bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.commands import command
from harness.errors import HarnessError, explain_failure
from harness.files import is_plain, read_plain, require_no_links
from harness.history import read_events, superseded_from
from harness.records import SCHEMA, Results, decode
from harness.report.card import Card, card
from harness.report.card_files import FOLDER as CARDS
from harness.report.card_files import card_files
from harness.report.clean_result import clean_result
from harness.report.escape import one_line
from harness.report.figures import MAKER, hero, save_pictures
from harness.report.generated import generated_sibling, remove_generated, seal_json, seal_text, write_generated
from harness.report.notes import broken_references, create_notes, read_notes, unplaced_lines
from harness.report.numbers import Numbers, Used
from harness.report.numbers_csv import numbers_csv
from harness.report.page import MOST as MOST_PAGE
from harness.report.page import page
from harness.report.sample_rows import Samples
from harness.report.sections import Built, build_sections, figures, require_sound
from harness.report.table import FIGURES
from harness.report.trajectories import grids
from harness.report.trajectory_figure import trajectory
from harness.report.versions import kept_versions
from harness.report.view import View
from harness.store import naming_errors, replace_file

RESULTS, JOURNAL = "results.json", "journal.jsonl"
OLDER_SCHEMAS = ("harness/results/1", "harness/results/2")
CLEAN_RESULT, CARD, PAGE, NUMBERS = "clean_result.md", "card.json", "index.html", "numbers.csv"


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the parts of a report were written; `notes` are about files that a person edited and that were left as they are, and references of notes.md that
    lead nowhere."""

    clean_result: Path
    card: Path
    page: Path
    numbers: Path
    figures: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of the report."""
        return (self.clean_result, self.card, self.page, self.numbers, *self.figures)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of a report by file name, with their seals; numbers.csv and the files of cards/ have none."""

    sealed: Mapping[str, str]
    plain: Mapping[str, str]


def build(run_folder: Path) -> Report:
    """Writes the report into the run folder, and leaves those of its files alone that a person edited. Figures and cards of an earlier report that this one
    does not have are removed. notes.md is created where it is absent, and never changed.

    Raises HarnessError where results.json or notes.md cannot be used.
    """
    require_no_links(run_folder, FIGURES, CARDS, "samples")
    view = view_of(run_folder)
    numbers = Numbers(view.tree)
    built = build_sections(view, numbers)
    pictures = drawn_all(view, built)
    texts = texts_of(view, card(view), Samples(run_folder, view), pictures)
    for name, picture in pictures.items():
        write_bytes(run_folder / FIGURES / name, picture)
    remove_figures(run_folder, keep=set(pictures))
    remove_cards(run_folder, keep=texts.plain.keys())
    for name, text in texts.plain.items():
        write_bytes(run_folder / name, text.encode())
    notes = [write_generated(run_folder / name, text) for name, text in texts.sealed.items()]
    notes += [large_page(texts.sealed[PAGE])]
    notes += [section.failure for section in built] + broken_references(view.notes, numbers)
    notes += unplaced_lines(run_folder)
    create_notes(run_folder)
    places = {name: run_folder / name for name in (CARD, CLEAN_RESULT, PAGE, NUMBERS)}
    return Report(
        card=places[CARD],
        clean_result=places[CLEAN_RESULT],
        page=places[PAGE],
        numbers=places[NUMBERS],
        figures=tuple(run_folder / FIGURES / name for name in pictures),
        notes=tuple(filter(None, notes)),
    )


def view_of(run_folder: Path, noted: bool = True) -> View:
    """The results of a run with what commands and, where it is `noted`, people added beside them."""
    results = read_results(run_folder)
    return View(results, read_events(run_folder), read_notes(run_folder) if noted else {}, parents_now(results, run_folder), kept_versions(run_folder))


def parents_now(results: Results, run_folder: Path) -> dict[str, str]:
    """Run of a parent to why it does not stand any more. Paths of parents are from the project's root, which is the first folder above that has them."""
    found = {}
    for run in [parent.run for parent in results.parents if parent.run]:
        places = (folder / run for folder in run_folder.resolve().parents)
        place = next((place for place in places if (place / RESULTS).is_file()), None)
        found[run] = superseded_from(place, run) if place else ""
    return found


def texts_of(view: View, made: Card, samples: Samples, pictures: Mapping[str, bytes]) -> Texts:
    """Every text of the report. Raises MissingFigure where a picture is not among them."""
    used, prose = prose_of(view, made, samples)
    html, shown = page(view, made, samples, pictures)
    used = tuple(dict.fromkeys((*used, *shown)))
    sealed = {CARD: seal_json(made.as_json()), CLEAN_RESULT: prose, PAGE: seal_text(html, ".html")}
    return Texts(sealed=sealed, plain={NUMBERS: numbers_csv(used, view.tree), **card_files(made)})


def prose_of(view: View, made: Card, samples: Samples) -> tuple[tuple[Used, ...], str]:
    """(every number in it, the text of clean_result.md with its seal)."""
    prose = clean_result(view, made, samples)
    return prose.used, seal_text(prose.text)


def large_page(text: str) -> str:
    """A note about a page that is too large even with the fewest samples and rows; "" where it is not."""
    size = len(text.encode())
    return f"{PAGE} has {size / 1e6:.1f} MB, more than {MOST_PAGE / 1e6:.0f} MB: figures and texts alone are larger" if size > MOST_PAGE else ""


def withdraw(run_folder: Path) -> tuple[str, ...]:
    """Takes an earlier report out of a run folder whose results have changed: its numbers would differ from those of results.json.

    What a person edited or added stays, and is named.
    """
    require_no_links(run_folder, FIGURES, CARDS)
    places = [run_folder / name for name in (PAGE, CLEAN_RESULT, CARD)]
    notes = [remove_generated(path) for place in places for path in (place, generated_sibling(place))]
    with naming_errors(run_folder / NUMBERS):
        (run_folder / NUMBERS).unlink(missing_ok=True)
    remove_figures(run_folder)
    remove_cards(run_folder)
    return tuple(filter(None, notes))


def remove_cards(run_folder: Path, keep: AbstractSet[str] = frozenset()) -> None:
    """Removes the cards of an earlier report, but those of these names."""
    for path in (run_folder / CARDS).glob("*.md"):
        with naming_errors(path):
            if f"{CARDS}/{path.name}" not in keep and is_plain(path):
                path.unlink()


def remove_figures(run_folder: Path, keep: AbstractSet[str] = frozenset()) -> None:
    """Removes the figures that an earlier report drew, but those of these names; a picture of somebody else's stays."""
    for path in (run_folder / FIGURES).glob("*.[ps][nv]g"):
        with naming_errors(path):
            if path.name not in keep and is_plain(path) and MAKER.encode() in read_plain(path):
                path.unlink()


def drawn_all(view: View, built: Sequence[Built]) -> dict[str, bytes]:
    """Every figure of the report by file name: the hero, then what the design declares, then those of the sections."""
    found = hero(view)
    for grid in grids(view):
        found |= trajectory(view, grid)
    for section, figure in figures(built):
        with explain_failure(f"its figure {figure.stem} cannot be drawn", f"section {section}"):
            found |= save_pictures(view, figure.stem, figure.draw, list(figure.addresses))
    return found


def require_decided(run_folder: Path) -> None:
    """Raises HarnessError, with the command that mends it, where a run has begun and has no results."""
    if os.path.isfile(run_folder / JOURNAL) and not os.path.lexists(run_folder / RESULTS):  # which raise nothing where a folder is closed
        mend = f"{command('harness', 'report', run_folder)} decides it"
        raise HarnessError("this run has no results: it is running, or was killed", where=str(run_folder), mend=mend)


def read_results(run_folder: Path) -> Results:
    """The results of a run. Raises HarnessError, in one line, where the file is absent, is not JSON, or does not fit the records."""
    path = run_folder / RESULTS
    try:
        tree = msgspec.json.decode(read_plain(path))
    except OSError as error:
        require_decided(run_folder)
        raise HarnessError(
            f"cannot read: {error.strerror or error}", where=str(path), mend="Name the folder of a run that has ended: reports/<experiment>/<run>."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HarnessError(f"not JSON: {one_line(str(error))}", where=str(path), mend="Run the experiment again; what it measured is in the store.") from error
    if isinstance(tree, dict) and tree.get("schema", SCHEMA) != SCHEMA:
        mend = f"{command('harness', 'report', path.parent)} writes it anew from the journal of the run"
        raise HarnessError(f"schema {tree['schema']!r} is not {SCHEMA!r}", where=str(path), mend=mend)
    try:
        results = decode(tree, Results)
    except msgspec.ValidationError as error:
        raise HarnessError(
            f"does not fit the records: {one_line(str(error))}", where=str(path), mend=f"The shape is {SCHEMA} (harness/report/results.schema.json)."
        ) from error
    require_sound(results.sections)
    return results


def has_older_schema(run_folder: Path) -> bool:
    """True where the results of a run were written by an earlier version of harness."""
    try:
        tree = msgspec.json.decode(read_plain(run_folder / RESULTS), type=dict[str, Any])
    except (OSError, ValueError, RecursionError):
        return False
    return tree.get("schema") in OLDER_SCHEMAS


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside `path`, then renames."""
    with replace_file(path) as stream:
        stream.write(data)
