"""The runs of a folder of reports, and of each what the lists of the site show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from harness.files import is_plain, plain_digest
from harness.fingerprint import fingerprint
from harness.history import FILE_NAME
from harness.plaintext import one_line, shorten_text
from harness.records import Record, Results
from harness.report.addresses import below
from harness.report.build import PAGE, RESULTS
from harness.report.numbers import Numbers
from harness.report.runs import State, completeness
from harness.report.view import Row, View

LONGEST = 300  # characters of a text in a list
NAME = r"^[a-z0-9_-]+/[a-z0-9_-]+(?![\s\S])"  # also one that an altered marker holds leads nowhere else
PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


class EffectShown(Record, frozen=True, kw_only=True):
    """The median of the effects of a hypothesis, formatted as in its report: the cell it belongs to, of how many cells."""

    cell: str
    cells: int
    value: float
    shown: str
    interval: str


class HypothesisShown(Record, frozen=True, kw_only=True):
    """How a hypothesis fared in a run."""

    id: str
    statement: str
    primary: bool
    verdict: str
    effect: EffectShown | None


class RunSummary(Record, frozen=True, kw_only=True):
    """What the lists show of a run: `folder` is its path from the reports, `name` its address in the site (`<experiment>/<run>`), `n` the least and the
    greatest number of sampling units behind its effects, `superseded` by what."""

    folder: str
    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    experiment: str
    question: str
    run: str
    started: str
    scale: str
    seeds: int
    models: tuple[str, ...]
    n: tuple[int, int] | None
    verdict: str
    confidence: str
    headline: str
    state: State
    lock: str
    superseded: str
    has_page: bool
    hypotheses: tuple[HypothesisShown, ...]

    @property
    def page(self) -> str:
        """Its page, from the root of the site."""
        return f"runs/{self.name}.html"

    @property
    def changes(self) -> str:
        """The page that compares it with the run before it."""
        return f"runs/{self.name}/changes.html"

    @property
    def home(self) -> str:
        """The page of its experiment."""
        return f"experiments/{self.name.partition('/')[0]}.html"

    @property
    def facets(self) -> dict[str, tuple[str, ...]]:
        """The values by which the lists filter it."""
        state = ("superseded" if self.superseded else "current", *(() if self.state == "complete" else (self.state,)))
        one = {"experiment": self.experiment, "verdict": self.verdict, "confidence": self.confidence, "scale": self.scale, "lock": self.lock}
        return {**{name: (value,) for name, value in one.items()}, "model": self.models, "state": state}


def key_of(folder: Path) -> str:
    """The hash of all that the pages of a run are made of; samples count by size and time, since results.json holds their hashes."""
    samples = [(path.name, path.lstat().st_size, path.lstat().st_mtime_ns) for path in sorted((folder / "samples").glob("*"))]
    digests = [plain_digest(folder / name) if is_plain(folder / name) else "" for name in (RESULTS, FILE_NAME)]
    return fingerprint([digests, samples, is_plain(folder / PAGE)])


def name_run(results: Results, folder: str, taken: set[str]) -> str:
    """`<experiment>/<run>` in letters that are safe in any path; a second run of one name gets the hash of its folder."""
    name = f"{plain_name(results.experiment)}/{plain_name(results.execution.run)}"
    name = f"{name}-{fingerprint(folder)[:8]}" if name in taken else name
    taken.add(name)
    return name


def plain_name(text: str) -> str:
    """The text where it can name a file anywhere, else what is left of it with its hash."""
    if PLAIN_NAME.fullmatch(text):
        return text
    return f"{re.sub('[^a-z0-9_]+', '-', text.lower()).strip('-_')[:40] or 'unnamed'}-{fingerprint(text)[:8]}"


def summarise_run(view: View, folder: Path, shown: str, name: str) -> RunSummary:
    """What the lists show of a run that lies in `folder`, which is `shown` from the reports."""
    results = view.results
    counts = [row.measurement.n for row in effects_of(view, {result.id for result in results.hypotheses}) if row.measurement]
    promise = results.promise
    return RunSummary(
        folder=shown,
        name=name,
        experiment=short(results.experiment),
        question=short(results.question),
        run=short(results.execution.run),
        started=short(results.execution.started),
        scale=short(results.scale),
        seeds=len(results.seeds),
        models=tuple(model_names(results)),
        n=(min(counts), max(counts)) if counts else None,
        verdict=results.verdict,
        confidence=results.confidence.level,
        headline=short(results.headline) or "(no headline)",
        state=completeness(results)[0],
        lock="not locked" if not promise.locked else "deviations" if promise.deviations else "locked",
        superseded=short(view.superseded),
        has_page=is_plain(folder / PAGE),
        hypotheses=tuple(
            HypothesisShown(
                id=short(result.id), statement=short(result.statement), primary=result.primary, verdict=result.verdict, effect=median_effect(view, result.id)
            )
            for _, result in view.hypotheses
        ),
    )


def effects_of(view: View, owners: Iterable[str]) -> list[Row]:
    """The measured effects of the cells of some hypotheses."""
    return [view.effects[at] for at, cell in view.cells if cell.owner in owners and view.effects[at].measurement]


def median_effect(view: View, owner: str) -> EffectShown | None:
    """The (lower) median of a hypothesis' effects in their most frequent unit: a real cell, and not the one that happened to come out best."""
    measured = [(row, row.measurement) for row in effects_of(view, {owner}) if row.measurement]
    if not measured:
        return None
    unit = Counter(measurement.unit for _, measurement in measured).most_common(1)[0][0]
    ranked = sorted((pair for pair in measured if pair[1].unit == unit), key=lambda pair: pair[1].value)
    row, measurement = ranked[(len(ranked) - 1) // 2]
    numbers = Numbers(view.tree)
    interval = numbers.interval(below(row.measured_at, "interval")) if measurement.interval else ""
    shown = numbers.num(below(row.measured_at, "value"))
    return EffectShown(cell=short(row.cell.id), cells=len(ranked), value=measurement.value, shown=short(shown), interval=short(interval))


def model_names(results: Results) -> list[str]:
    """The models that the facts name."""
    facts = results.facts.get("Model", {})
    described = {name: value for name, value in facts.items() if isinstance(value, dict)} or {"unnamed": facts}
    return sorted({short(str(value.get("name") or name)) for name, value in described.items() if value})


def short(text: str) -> str:
    return shorten_text(one_line(text), LONGEST)
