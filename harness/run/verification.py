"""Recomputes results.json from the journal and the samples of a run, and the texts of the report from results.json.

Seals and hashes catch accidents and careless edits, not authors: whoever can write the folder can write journal, samples and results anew together.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Any

from harness.appendlog import AppendLog
from harness.commands import command
from harness.design.plan import plan_of
from harness.errors import HarnessError, Inconclusive
from harness.files import plain_digest, read_plain
from harness.fingerprint import fingerprint
from harness.history import FILE_NAME as HISTORY
from harness.records import Measurement, Record, Results, SamplesRef, encode
from harness.report.addresses import below
from harness.report.build import CARD, CLEAN_RESULT, PAGE, RESULTS, prose_of, read_results, texts_of, view_of
from harness.report.card import card
from harness.report.differences import ABSENT, Difference, differences, text_of
from harness.report.escape import one_line
from harness.report.generated import is_edited
from harness.report.sample_rows import Samples
from harness.report.table import FIGURES, MissingFigure
from harness.report.view import View
from harness.run.environment import version_of
from harness.run.finalize import decide_results
from harness.run.folder import RunFolder
from harness.run.recompute import recompute
from harness.strict_json import DECODER

SHOWN = 40
SAMPLES = "samples"
# What a measurement's samples give again.
COMPUTED = ("value", "interval", "n", "p", "p_floor", "p_method", "arms")
PACKAGE = "harness-evals"
# What the journal knows of the execution; the rest are times and places of deciding, and a copied folder has another name.
EXECUTION = ("started", "ended", "wall_s", "timeline", "command", "hardware", "workers", "seconds", "reused", "samples", "samples_reused", "facts", "notes")
DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, StopIteration)
Row = dict[str, Any]


class Verification(Record, frozen=True, kw_only=True):
    """What a run's files hold against what they should: every difference, notes that are none, and how many measurements were recomputed."""

    folder: str
    experiment: str
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    measurements: int
    recomputed: int
    recorded: int
    unsampled: int

    def lines(self) -> list[str]:
        """The verification for the terminal."""
        found = [difference.line() for difference in self.differences[:SHOWN]]
        if len(self.differences) > SHOWN:
            found.append(f"… and {len(self.differences) - SHOWN} more differences (--json lists all)")
        count = len(self.differences)
        head = f"{count} difference{'' if count == 1 else 's'}" if count else "results.json is what its journal and samples give"
        return [
            *found,
            *(one_line(f"note: {note}") for note in self.notes),
            one_line(f"{self.experiment}: {head}"),
            self.coverage(),
        ]

    def coverage(self) -> str:
        """How many of the numbers were recomputed."""
        of = f"{self.recomputed} of {self.measurements} measurements recomputed from their samples"
        return f"{of}, {self.recorded} taken as recorded, {self.unsampled} declared unsampled"


def verify(folder: Path) -> Verification:
    """Verifies a run folder. Raises HarnessError where results.json or the journal cannot be read."""
    folder = folder.resolve()
    stored = read_results(folder)
    found, notes = [*journal_differences(folder, stored), *ambiguities(folder)], version_notes(stored)
    if found and is_older(folder, stored):
        notes.append(f"results.json is what an earlier session decided; the journal has grown since: {command('harness', 'report', folder)} decides again")
    samples = SampleFiles(folder, stored)
    computed = [samples.recompute(at, measured) for at, measured in samples.measurements]
    unsampled = sum(bool(measured.unsampled) for _, measured in samples.measurements)
    recomputed = sum(each is not None for each in computed)
    report, report_notes = report_differences(folder, shown=not samples.differences)
    return Verification(
        folder=str(folder),
        experiment=stored.experiment,
        differences=(*found, *samples.differences, *(difference for each in computed for difference in each or ()), *report),
        notes=(*notes, *samples.notes(), *report_notes),
        measurements=len(computed),
        recomputed=recomputed,
        recorded=len(computed) - recomputed - unsampled,
        unsampled=unsampled,
    )


# the journal ----------------------------------------------------------------------------------------------------------------------------------


def journal_differences(folder: Path, stored: Results, *, planned: bool = True) -> list[Difference]:
    """results.json against what its journal gives. The plan's simulation may take seconds and is left out where not `planned`."""
    rows, torn = journal_of(folder)
    return list(differences(comparable(stored), recomputed_tree(folder, stored, rows, torn, planned)))


def ambiguities(folder: Path) -> list[Difference]:
    """What two readers could take for two things: a key of results.json that stands twice, and a journal without the plan that its last session names."""
    found = []
    try:
        DECODER.decode(read_plain(folder / RESULTS).decode())
    except (ValueError, RecursionError) as error:
        found.append(Difference(address=RESULTS, stored=str(error), recomputed="each key once"))
    rows, _ = journal_of(folder)
    plans = [fingerprint(row["universe"]) for row in rows if row.get("type") == "universe"]
    named = [row["universe_sha256"] for row in rows if row.get("type") == "session" and row.get("universe_sha256")]
    if plans and named and named[-1] not in plans:  # older journals hold no plan at all
        found.append(Difference(address="journal.jsonl/universe", stored=f"plans with sha256 {', '.join(plans)}", recomputed=f"sha256 {named[-1]}"))
    return found


def is_older(folder: Path, stored: Results) -> bool:
    """True where results.json is what the first sessions of the journal gave, before later ones that ended without deciding."""
    rows, torn = journal_of(folder)
    tokens = list(dict.fromkeys(row["token"] for row in rows if row.get("type") == "session"))
    for count in range(len(tokens) - 1, 0, -1):
        earlier = [row for row in rows if row.get("token") in tokens[:count]]
        found = differences(comparable(stored), recomputed_tree(folder, stored, earlier, torn, False))
        if all(difference.address.startswith("execution/notes/") for difference in found):  # a kill may have torn a line meanwhile
            return True
    return False


def why_unverified(folder: Path) -> str:
    """Why the results of a run are not to be taken as what it measured; empty where they are what its journal gives."""
    try:
        found = journal_differences(folder.resolve(), read_results(folder), planned=False)
    except HarnessError as error:
        return f"not verified: {error}"
    return f"results.json differs from its journal: {found[0].line()} ({command('harness', 'verify', folder)} lists all differences)" if found else ""


def journal_of(folder: Path) -> tuple[list[Row], int]:
    """The rows of a run's journal and its torn lines. Raises HarnessError where there is none."""
    run = RunFolder(folder, folder.name)
    rows, torn = run.read()
    if not rows:
        what = f"all {torn} lines are damaged" if torn else "is not there or empty"
        raise HarnessError(
            f"{what}: nothing of this run can be verified", where=str(run.journal.path), mend="Copy it along with the run, or run the experiment again"
        )
    return rows, torn


def recomputed_tree(folder: Path, stored: Results, rows: list[Row], torn: int, planned: bool) -> Any:
    """What the rows of a journal decide, in the form in which it is compared."""
    with readable(folder / "journal.jsonl"):
        run = RunFolder(folder, folder.name)
        universe = run.universe(rows)
        rows, torn = run.usable(universe, rows, torn)
        return comparable(decide_results(folder, universe, rows, torn, plan_of(universe) if planned else stored.plan))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what a row of another form leads to into one line: its seal may hold, but it does not say what this version reads."""
    try:
        yield
    except OSError as error:
        raise HarnessError(f"cannot read: {error.strerror or error}", where=str(error.filename or path)) from error
    except DAMAGE as error:
        told = one_line(f"{type(error).__name__}: {error}")
        raise HarnessError(f"does not fit the records: {told}", where=str(path), mend="Use the version of harness that wrote it") from error


def comparable(results: Results) -> Any:
    """The results as JSON values, without what of the execution only its own time and place knew."""
    tree = json.loads(json.dumps(encode(results)))
    return tree | {"execution": {name: tree["execution"][name] for name in EXECUTION}}


def version_notes(stored: Results) -> list[str]:
    """Whether another version decided: its sentences may be worded otherwise."""
    packages = stored.environment.get("packages")
    before, now = packages.get(PACKAGE) if isinstance(packages, dict) else None, version_of(PACKAGE)
    return [f"decided by harness {before}, recomputed by {now}: sentences may be worded otherwise"] if before and before != now else []


# the samples ----------------------------------------------------------------------------------------------------------------------------------


class SampleFiles:
    """The samples files that a run's measurements name, each read once."""

    def __init__(self, folder: Path, stored: Results) -> None:
        self.folder = folder
        self.measurements = [(row.measured_at, row.measurement) for row in View(stored).rows if row.measurement]
        self.wanted = {ref for _, measured in self.measurements if measured.derived for ref in measured.samples}
        self.rows: dict[SamplesRef, list[Row]] = {}
        self.read: dict[SamplesRef, tuple[str, str]] = {}
        self.differences = [
            Difference(address=below(at, SAMPLES, place), stored=trouble[0], recomputed=trouble[1])
            for at, measured in self.measurements
            for place, ref in enumerate(measured.samples)
            if (trouble := self.trouble(ref)) != ("", "")
        ]

    def trouble(self, ref: SamplesRef) -> tuple[str, str]:
        """(what is recorded of the file, what is there instead), both empty where the file is the one that was recorded."""
        if ref not in self.read:
            self.read[ref] = self._trouble(ref)
        return self.read[ref]

    def _trouble(self, ref: SamplesRef) -> tuple[str, str]:
        wrong = why_not_plain(self.folder, ref.path)
        if wrong:
            return text_of(ref.path), wrong
        path = self.folder / ref.path
        try:
            digest, (rows, torn) = plain_digest(path), AppendLog(path).read()
        except (OSError, HarnessError) as error:
            return text_of(ref.path), f"cannot be read: {getattr(error, 'strerror', None) or error}"
        if ref in self.wanted:
            self.rows[ref] = rows
        if digest != ref.sha256:
            return f"{ref.path} with sha256 {ref.sha256}", f"sha256 {digest}" + (f", {torn} damaged lines" if torn else "")
        if torn or len(rows) != ref.rows:
            return f"{ref.path} with {ref.rows} rows", f"{len(rows)} rows" + (f", {torn} damaged lines" if torn else "")
        return "", ""

    def notes(self) -> list[str]:
        """The files in samples/ that no measurement names: of cells that were measured again, or not of this run."""
        named = {PurePosixPath(ref.path).as_posix() for ref in self.read}
        there = (path for path in sorted((self.folder / SAMPLES).rglob("*")) if path.is_symlink() or not path.is_dir())
        extra = [name for path in there if (name := path.relative_to(self.folder).as_posix()) not in named]
        more = f" and {len(extra) - 5} more" if len(extra) > 5 else ""
        return [f"{', '.join(extra[:5])}{more}: no measurement refers to it"] if extra else []

    def recompute(self, at: str, measured: Measurement) -> list[Difference] | None:
        """The differences of a measurement from what its samples give; None where it does not say how it was computed, or its samples are damaged."""
        if not measured.derived or any(self.trouble(ref) != ("", "") for ref in measured.samples):
            return None
        rows = {ref.sha256: self.rows[ref] for ref in measured.samples}
        try:
            computed = recompute(measured.derived, rows, measured.name)
        except (HarnessError, Inconclusive, *DAMAGE) as error:
            return [Difference(address=below(at, "derived"), stored=text_of(measured.derived), recomputed=f"cannot be computed: {error}")]
        stored, again = (json.loads(json.dumps({name: encode(getattr(side, name)) for name in COMPUTED})) for side in (measured, computed))
        return list(differences(stored, again, at))


def why_not_plain(folder: Path, name: str) -> str:
    """Why a samples file is no plain file, or lies behind a link; empty where it is one and does not."""
    parts = PurePosixPath(name).parts
    try:
        modes = [os.lstat(folder.joinpath(*parts[: count + 1])).st_mode for count in range(len(parts))]
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"cannot be read: {error}"
    if any(map(stat.S_ISLNK, modes)):
        return "is a symbolic link"
    return "" if stat.S_ISREG(modes[-1]) else "is no plain file"


# the report -----------------------------------------------------------------------------------------------------------------------------------


def report_differences(folder: Path, *, shown: bool) -> tuple[list[Difference], list[str]]:
    """(differences of the texts of the report from what results.json gives, notes). Figures are taken as they are: drawing takes long.

    The texts show samples and are compared where they can be `shown`.
    """
    found: list[Difference] = []
    notes: list[str] = []
    with readable(folder):
        wrong = {name: why_not_plain(folder, name) for name in (CARD, CLEAN_RESULT, PAGE)}
        pictures = {path.name: read_plain(path) for path in sorted((folder / FIGURES).glob("*.[ps][nv]g"))}
        if all(why == ABSENT for why in wrong.values()) and not pictures:
            return [], []  # a run with --harness-no-report
        found += [Difference(address=name, stored=why, recomputed="a file of the report") for name, why in wrong.items() if why]
        found += history_differences(folder)
        try:
            view = view_of(folder)
        except HarnessError as error:  # of notes.md: results.json was read before
            return found, [f"the texts are not compared: {error}"]
        made, samples = card(view), Samples(folder, view)
        found += [] if wrong[CARD] else card_differences(folder / CARD, made.as_json())
        sealed: Mapping[str, str]
        plain: Mapping[str, str] = {}
        try:
            texts = texts_of(view, made, samples, pictures)
            sealed, plain = texts.sealed, texts.plain
        except MissingFigure as error:
            sealed = {CLEAN_RESULT: prose_of(view, made, samples)[1]}
            found, notes = found + missing_figure(pictures, error), [f"{PAGE} is not compared: a figure of it is not there ({error})"]
        for name in (CLEAN_RESULT, PAGE):
            if not wrong[name] and name in sealed:
                more = text_differences(folder / name, sealed[name]) if shown else ([], [f"{name} is not compared: it shows samples that differ"])
                found, notes = found + more[0], notes + more[1]
        found += [difference for name, text in plain.items() if shown for difference in plain_differences(folder, name, text)]
    return found, notes


def history_differences(folder: Path) -> list[Difference]:
    """Lines of the history that are cut or altered: what they said is not shown any more."""
    lines = AppendLog(folder / HISTORY).scan()
    damaged = lines.torn + lines.altered
    return [Difference(address=HISTORY, stored=f"damaged lines: {damaged}", recomputed="whole lines with their checksums")] if damaged else []


def plain_differences(folder: Path, name: str, text: str) -> Iterator[Difference]:
    """The first line that differs in a file that nobody edits: numbers.csv, the cards."""
    if why := why_not_plain(folder, name):
        yield Difference(address=name, stored=why, recomputed="a file of the report")
        return
    stored = read_plain(folder / name).decode(errors="replace")
    pairs = zip_longest(stored.split("\n"), text.split("\n"), fillvalue=ABSENT)
    changed = next(((number, pair) for number, pair in enumerate(pairs, start=1) if pair[0] != pair[1]), None)
    if changed:
        yield Difference(address=f"{name}/line {changed[0]}", stored=text_of(changed[1][0]), recomputed=text_of(changed[1][1]))


def missing_figure(pictures: dict[str, bytes], error: MissingFigure) -> list[Difference]:
    """A figure that was taken out is a difference; a copy without pictures has none."""
    return [Difference(address=FIGURES, stored=ABSENT, recomputed=str(error))] if pictures else []


def card_differences(path: Path, made: dict[str, Any]) -> list[Difference]:
    """By field; a card without its seal is compared all the same."""
    try:
        tree = DECODER.decode(read_plain(path).decode())
        seal = tree.pop("#", None)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        return [Difference(address=path.name, stored=f"not JSON: {error}", recomputed="the card of these results")]
    found = list(differences(tree, json.loads(json.dumps(made)), path.name))
    if not found and seal is not None and seal != fingerprint(tree)[: len(str(seal))]:
        found.append(Difference(address=f"{path.name}/#", stored=text_of(seal), recomputed=text_of(fingerprint(tree)[:16])))
    return found


def text_differences(path: Path, text: str) -> tuple[list[Difference], list[str]]:
    """Lines of the generated text that are changed or gone are differences; lines that a person added are named in a note."""
    made = text.split("\n")
    stored = read_plain(path).decode(errors="replace").split("\n")
    found, place = [], 0
    for line in made[:-2]:  # without the seal
        try:
            place = stored.index(line, place) + 1
        except ValueError:
            here = text_of(stored[place]) if place < len(stored) else ABSENT
            found.append(Difference(address=f"{path.name}/line {place + 1}", stored=here, recomputed=text_of(line)))
    if stored in (made, made[:-2]) or not is_edited(path):
        return found, []
    return found, [f"{path.name} was edited by a person{'' if found else ': the generated lines are all there, others were added'}"]
