"""From a run folder to its report: everything is drawn from results.json and the samples beside it, so equal inputs give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.errors import HarnessError, explain_failure
from harness.files import is_plain, read_plain, require_no_links
from harness.records import SCHEMA, Results, decode
from harness.report.card import Card, card
from harness.report.clean_result import clean_result
from harness.report.escape import one_line
from harness.report.figures import MAKER, hero, save_pictures
from harness.report.generated import generated_sibling, remove_generated, seal_json, seal_text, write_generated
from harness.report.numbers import Numbers
from harness.report.page import page
from harness.report.sample_rows import GREAT, batches
from harness.report.sections import Built, build_sections, figures, require_sound
from harness.report.table import FIGURES
from harness.report.trajectories import grids
from harness.report.trajectory_figure import trajectory
from harness.report.view import View
from harness.store import naming_errors, replace_file

RESULTS = "results.json"
CLEAN_RESULT, CARD, PAGE = "clean_result.md", "card.json", "index.html"
IN_PROSE = 4  # rows of each samples file shown in clean_result.md
IN_PROSE_MANY = 2  # the same where there are more than MANY files
MANY = 12
IN_PAGE = 20
IN_PAGE_GREAT = 6  # the same in the page where there are more than GREAT files


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where the parts of a report were written; `notes` tell of files that a person edited and that were left as they are."""

    clean_result: Path
    card: Path
    page: Path
    figures: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of the report."""
        return (self.clean_result, self.card, self.page, *self.figures)


def build(run_folder: Path) -> Report:
    """Writes clean_result.md, card.json, figures/ and index.html into the run folder, and leaves those of them alone that a person edited. Figures of an
    earlier report that this one does not have are removed.

    Raises HarnessError where results.json cannot be used.
    """
    require_no_links(run_folder, FIGURES, "samples")
    view = View(read_results(run_folder))
    built = build_sections(view, Numbers(view.tree))
    made, pictures = card(view), drawn_all(view, built)
    prose, html = prose_of(view, made, run_folder), html_of(view, made, run_folder, pictures)
    drawings = tuple(run_folder / FIGURES / name for name in pictures)
    for path, picture in zip(drawings, pictures.values(), strict=True):
        write_bytes(path, picture)
    remove_figures(run_folder, keep=set(pictures))
    places = (run_folder / CARD, run_folder / CLEAN_RESULT, run_folder / PAGE)
    notes = [write_generated(path, text) for path, text in zip(places, (seal_json(made.as_json()), prose, html), strict=True)]
    notes += [section.failure for section in built]
    return Report(card=places[0], clean_result=places[1], page=places[2], figures=drawings, notes=tuple(filter(None, notes)))


def prose_of(view: View, made: Card, run_folder: Path) -> str:
    """The text of clean_result.md with its seal."""
    few = batches(run_folder, view.results, view.sample_refs, IN_PROSE if len(view.sample_refs) <= MANY else IN_PROSE_MANY)
    return seal_text(clean_result(view, made, few, f"{FIGURES}/hero.png").text)


def html_of(view: View, made: Card, run_folder: Path, pictures: Mapping[str, bytes]) -> str:
    """The text of index.html with its seal."""
    drawn = batches(run_folder, view.results, view.sample_refs, IN_PAGE if len(view.sample_refs) <= GREAT else IN_PAGE_GREAT)
    return seal_text(page(view, made, drawn, pictures), ".html")


def withdraw(run_folder: Path) -> tuple[str, ...]:
    """Takes an earlier report out of a run folder whose results have changed: it would tell other numbers than stand beside it.

    What a person edited or added stays, and is told of.
    """
    require_no_links(run_folder, FIGURES)
    places = [run_folder / name for name in (PAGE, CLEAN_RESULT, CARD)]
    notes = [remove_generated(path) for place in places for path in (place, generated_sibling(place))]
    remove_figures(run_folder)
    return tuple(filter(None, notes))


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


def read_results(run_folder: Path) -> Results:
    """The results of a run. Raises HarnessError, in one line, where the file is absent, is not JSON, or does not fit the records."""
    path = run_folder / RESULTS
    try:
        tree = msgspec.json.decode(read_plain(path))
    except OSError as error:
        raise HarnessError(
            f"cannot read: {error.strerror or error}", where=str(path), mend="Name the folder of a run that has ended: reports/<experiment>/<run>."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HarnessError(f"not JSON: {one_line(str(error))}", where=str(path), mend="Run the experiment again; what it measured is in the store.") from error
    if isinstance(tree, dict) and tree.get("schema", SCHEMA) != SCHEMA:
        mend = "Use the version of harness that wrote it, or run the experiment again: its samples are in the store."
        raise HarnessError(f"schema {tree['schema']!r} is not {SCHEMA!r}", where=str(path), mend=mend)
    try:
        results = decode(tree, Results)
    except msgspec.ValidationError as error:
        raise HarnessError(
            f"does not fit the records: {one_line(str(error))}", where=str(path), mend=f"The shape is {SCHEMA} (harness/report/results.schema.json)."
        ) from error
    require_sound(results.sections)
    return results


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside `path`, then renames."""
    with replace_file(path) as stream:
        stream.write(data)
