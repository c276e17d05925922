"""Versions of a clean result: the earlier ones are kept in versions/<n>/, and what changed between two is said in words."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.files import is_plain, require_no_links
from harness.history import REVISED, read_events
from harness.plaintext import count_of
from harness.records import Measurement, Results
from harness.report.number_format import in_unit
from harness.report.view import View
from harness.store import naming_errors

VERSIONS = "versions"
KEPT = ("results.json", "clean_result.md", "card.json", "numbers.csv", "notes.md", "index.html", "figures/hero.png")
UNCHANGED = "claim, data and verdict are unchanged"
SHOWN = 5  # effects that are named


def kept_versions(run_folder: Path) -> tuple[int, ...]:
    """The numbers of the versions that are kept with their text, in order."""
    paths = (run_folder / VERSIONS).glob("*/clean_result.md")
    return tuple(sorted(int(path.parent.name) for path in paths if path.parent.name.isdecimal() and is_plain(path) and not path.parent.is_symlink()))


def keep_version(run_folder: Path) -> int:
    """Copies the files of the present version to versions/<number>/, whole or not at all, and returns the number: that of the last kept version where its text
    is the present one (a kill came between), else the next that is free."""
    require_no_links(run_folder, VERSIONS, "figures", "cards")
    present = run_folder / "clean_result.md"
    if not is_plain(present):
        raise HarnessError("is no plain file", where=str(present), mend="Put the file itself there; a version is a copy of it")
    events = sum(event.event == REVISED for event in read_events(run_folder))
    kept = kept_versions(run_folder)
    if kept and kept[-1] > events and (run_folder / VERSIONS / str(kept[-1]) / present.name).read_bytes() == present.read_bytes():
        return kept[-1]
    number = 1 + max(events, *kept, 0)
    target = run_folder / VERSIONS / str(number)
    with naming_errors(target):
        target.parent.mkdir(exist_ok=True)
        for left in target.parent.glob(".*-*"):  # of a call that was killed
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=f".{number}-", dir=target.parent))
        for name in (*KEPT, *(f"cards/{path.name}" for path in sorted((run_folder / "cards").glob("*.md")))):
            if is_plain(run_folder / name):
                (made / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(run_folder / name, made / name)
        made.chmod(0o755)
        os.replace(made, target)
    return number


def changes_between(before: Results, after: Results) -> tuple[str, ...]:
    """What differs in claim, data and verdict, a line each; a line that says so where nothing does."""
    found = [*claim_changes(before, after), *verdict_changes(before, after), *data_changes(before, after)]
    return tuple(found) or (UNCHANGED,)


def claim_changes(before: Results, after: Results) -> Iterator[str]:
    yield from changed("claim", before.title, after.title)
    yield from changed("population", before.claim.population, after.claim.population)
    old = {result.id: result for result in before.hypotheses}
    for result in after.hypotheses:
        if result.id in old:
            yield from changed(f"statement of {result.id}", old[result.id].statement, result.statement)
            yield from changed(f"rule of {result.id}", old[result.id].rule, result.rule)
    yield from changed("preregistered at", before.promise.locked_at, after.promise.locked_at)
    yield from changed("sha256 of declaration, prompts, data and test code", before.promise.sha256[:12], after.promise.sha256[:12])


def verdict_changes(before: Results, after: Results) -> Iterator[str]:
    yield from changed("verdict", before.verdict, after.verdict)
    yield from changed("confidence", before.confidence.level, after.confidence.level)
    old, new = verdicts(before), verdicts(after)
    for name in dict.fromkeys([*old, *new]):
        yield from changed(name, old.get(name, "absent"), new.get(name, "absent"))


def verdicts(results: Results) -> dict[str, str]:
    return {**{result.id: str(result.verdict) for result in results.hypotheses}, **{check.id: str(check.verdict) for check in results.checks}}


def data_changes(before: Results, after: Results) -> Iterator[str]:
    yield from changed("scale", before.scale, after.scale)
    yield from changed("seeds", str(list(before.seeds)), str(list(after.seeds)))
    yield from changed("models", ", ".join(before.facts.get("Model", {})), ", ".join(after.facts.get("Model", {})))
    old, new = ({entry.path: entry.sha256 for entry in results.inputs} for results in (before, after))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield f"data: {path} " + ("changed" if path in old and path in new else "was added" if path in new else "was taken out")
    yield from effect_changes(before, after)


def effect_changes(before: Results, after: Results) -> Iterator[str]:
    old, new = effects(before), effects(after)
    moved = [name for name in new if name in old and old[name].value != new[name].value]
    if moved:
        yield f"{count_of(len(moved), 'effect differs', 'effects differ')} of {len(new)}"
    for name in moved[:SHOWN]:
        yield f"{name}: {in_unit(old[name].value, old[name].unit)} → {in_unit(new[name].value, new[name].unit)}"
    if added := len(new.keys() - old.keys()):
        yield f"{count_of(added, 'effect was', 'effects were')} added"
    if lost := len(old.keys() - new.keys()):
        yield f"{count_of(lost, 'effect is', 'effects are')} gone"


def effects(results: Results) -> dict[str, Measurement]:
    return {row.cell.id: row.measurement for row in View(results).effects.values() if row.measurement is not None}


def changed(what: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"{what}: {before or 'none'} → {after or 'none'}"


def is_contradicted(before: Results, after: Results) -> bool:
    """Whether results say something else than earlier ones of the same folder: a claim or rule changed, or a cell that had an answer has another. Cells that
    were added contradict nothing."""
    if [*claim_changes(before, after)]:
        return True
    new = {cell.id: cell for cell in after.cells}
    answered = [cell for cell in before.cells if cell.verdict != "missing"]
    return any(cell.id not in new or (new[cell.id].verdict, new[cell.id].measurements) != (cell.verdict, cell.measurements) for cell in answered)
