"""From a folder of reports to a site: each run is read once, and what is made of unchanged runs is left as it is."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import msgspec

from harness.errors import HarnessError, explain_failure
from harness.files import is_plain, make_folder, read_plain, require_no_links
from harness.fingerprint import fingerprint
from harness.history import superseded
from harness.records import Record, encode
from harness.report.build import RESULTS, view_of
from harness.report.runs import MARKER, find_runs
from harness.report.view import View
from harness.site.changes import compare_runs
from harness.site.pages import GENERATOR, Pages, sample_pages
from harness.site.runs import RunSummary, key_of, name_run, summarise_run
from harness.site.samples import sample_files
from harness.store import naming_errors, read_file, write_json, write_text

HEAD = 2000  # bytes of a page that are read to see whether it is ours


class KnownRun(Record, frozen=True, kw_only=True):
    """A run as an earlier build showed it: `key` hashes what its pages were made of."""

    key: str
    summary: RunSummary
    pages: tuple[str, ...]


class SiteMarker(Record, frozen=True, kw_only=True):
    """What a build leaves in the site: the hash of the code that made it, its runs by their folder, the keys of the pages that compare two of them."""

    code: str = ""
    runs: dict[str, KnownRun] = msgspec.field(default_factory=dict)
    changes: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(kw_only=True)
class SiteReport:
    """What a build did; `unreadable` maps a folder to the reason."""

    site: Path
    runs: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    written: int = 0
    removed: int = 0


def build_site(reports: Path, site: Path) -> SiteReport:
    """Makes or renews the site of the runs below `reports`. Raises HarnessError where there are none, or where `site` is somebody else's folder."""
    if not reports.is_dir():
        raise HarnessError("is no folder", where=str(reports), mend="Name a folder of reports, such as reports")
    reports, site = reports.resolve(), site.parent.resolve() / site.name  # so that a link in place of the site itself is seen
    found = [run for run in find_runs(reports) if os.path.lexists(run / RESULTS)]
    if not found:
        raise HarnessError("holds no run", where=str(reports), mend="Name a folder with runs in it: reports/<experiment>/<run>/results.json")
    claim(site)
    builder = Builder(reports, site)
    builder.add_runs(found)
    builder.add_lists()
    builder.finish()
    return builder.report


def claim(site: Path) -> None:
    """Makes the folder of a site, or sees that it is one. Raises HarnessError for a folder that holds something else."""
    require_no_links(site.parent, site.name)
    require_no_links(site, MARKER)
    with naming_errors(site):
        make_folder(site)
        if is_plain(site / MARKER):
            return
        if any(site.iterdir()):
            raise HarnessError("holds something other than a site of harness", where=str(site), mend="Name a new folder: harness site DIR --out FOLDER")
    write_json(site / MARKER, encode(SiteMarker()))  # first: a build that is killed leaves a folder that the next one takes for its own


def read_marker(site: Path, code: str) -> SiteMarker:
    """What the last build left; nothing where other code made it, or where it cannot be read."""
    try:
        with read_file(site / MARKER):
            marker = msgspec.json.decode(read_plain(site / MARKER), type=SiteMarker)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return SiteMarker()
    return marker if marker.code == code else SiteMarker()


def code_digest() -> str:
    """The hash of the code and templates that make a site."""
    folders = [Path(str(files(name))) for name in ("harness.site", "harness.report")]
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".j2", ".css", ".js"))
    return fingerprint([path.read_text(encoding="utf-8") for path in paths])


class Builder:
    """One build. Runs first, then what compares and lists them."""

    def __init__(self, reports: Path, site: Path) -> None:
        self.reports, self.site, self.code = reports, site, code_digest()
        self.pages, self.report = Pages(site, reports), SiteReport(site=site)
        self.before, self.runs, self.changes = read_marker(site, self.code), dict[str, KnownRun](), dict[str, str]()
        self.taken: set[str] = set()
        self.superseded = ""

    def add_runs(self, folders: list[Path]) -> None:
        """The pages of each run; a run that cannot be read is noted with the reason."""
        # A run that was superseded is named on the pages of those that build on it, so all of them depend on this.
        self.superseded = fingerprint({str(folder): superseded(folder) for folder in folders})
        for folder in folders:
            shown = folder.relative_to(self.reports).as_posix()
            try:
                with explain_failure("cannot be shown", shown):  # what no code foresaw in one run must not hide the others
                    self.runs[shown] = self.add_run(folder, shown)
            except HarnessError as error:
                self.report.unreadable[shown] = error.what
        self.report.runs = len(self.runs)

    def add_run(self, folder: Path, shown: str) -> KnownRun:
        require_no_links(folder, "samples")
        known, key = self.before.runs.get(shown), fingerprint([key_of(folder), self.superseded])
        if known and known.key == key and known.summary.name not in self.taken and all(is_plain(self.site / page) for page in known.pages):
            self.taken.add(known.summary.name)
            self.report.made |= set(known.pages)
            return known
        view = view_of(folder, noted=False)
        run = summarise_run(view, folder, shown, name_run(view.results, shown, self.taken))
        return KnownRun(key=key, summary=run, pages=tuple(self.write_run(run, view, folder)))

    def write_run(self, run: RunSummary, view: View, folder: Path) -> Iterator[str]:
        """The page of a run and those of its samples."""
        samples = {f"runs/{run.name}/samples-{number}.html": page for number, page in enumerate(sample_pages(self.pages, sample_files(folder, view)), start=1)}
        for number, (place, page) in enumerate(samples.items(), start=1):
            yield self.write("samples.html.j2", place, run=run, places=list(samples), number=number, sample_rows=page.rows, parts=page.parts)
        hypotheses = [(result, shown) for (_, result), shown in zip(view.hypotheses, run.hypotheses, strict=True)]
        first = {file.path: (file, place) for place, page in reversed(samples.items()) for file in page.files}
        arms = [first[path] for path in view.sample_refs]
        gone = {parent: why for parent, why in view.parents_superseded.items() if why}
        events = [event for _, event in view.events]
        yield self.write("run.html.j2", run.page, run=run, r=view.results, hypotheses=hypotheses, arms=arms, events=events, gone=gone)

    def add_lists(self) -> None:
        """The pages of the experiments, with those that compare each run with the one before it, and the index."""
        runs = sorted((known.summary for known in self.runs.values()), key=lambda run: (run.started, run.name), reverse=True)
        by_experiment = defaultdict[str, list[RunSummary]](list)
        for run in runs:
            by_experiment[run.home].append(run)
        for home, mine in by_experiment.items():
            hypotheses = {found.id: (found.id, found.statement, found.primary) for run in reversed(mine) for found in run.hypotheses}
            self.write("experiment.html.j2", home, runs=mine, hypotheses=sorted(hypotheses.values(), key=lambda found: not found[2]))
            for scale in {run.scale for run in mine}:
                at_scale = [run for run in mine if run.scale == scale]
                for run, before in zip(at_scale, [*at_scale[1:], None], strict=True):
                    self.add_changes(run, before)
        self.write("index.html.j2", "index.html", runs=runs, unreadable=self.report.unreadable)

    def add_changes(self, run: RunSummary, before: RunSummary | None) -> None:
        """The page that compares a run with the one before it, unless it stands there already."""
        key = self.changes[run.changes] = fingerprint([[self.runs[one.folder].key, one.name] for one in (run, before) if one])
        if self.before.changes.get(run.changes) == key and is_plain(self.site / run.changes):
            self.report.made.add(run.changes)
            return
        try:
            with explain_failure("cannot be compared", run.folder):
                changes = compare_runs(self.reports / before.folder, self.reports / run.folder) if before else None
                self.write("changes.html.j2", run.changes, run=run, before=before, changes=changes, failure="")
        except HarnessError as error:
            self.write("changes.html.j2", run.changes, run=run, before=before, changes=None, failure=error.what)

    def write(self, template: str, page: str, **names: object) -> str:
        require_no_links(self.site, *map(str, Path(page).parents))
        write_text(self.site / page, self.pages.render(template, page, **names))
        self.report.made.add(page)
        self.report.written += 1
        return page

    def finish(self) -> None:
        """Removes the pages of an earlier build that this one does not have, and notes what was made."""
        runs = self.site / "runs"
        for path in [*(self.site / "experiments").glob("*.html"), *runs.rglob("*.html")]:
            if path.relative_to(self.site).as_posix() not in self.report.made and is_plain(path) and is_ours(path):
                with naming_errors(path):
                    path.unlink()
                self.report.removed += 1
        for folder in sorted((path for path in runs.rglob("*") if path.is_dir()), reverse=True):
            with suppress(OSError):  # it holds something
                folder.rmdir()
        write_json(self.site / MARKER, encode(SiteMarker(code=self.code, runs=self.runs, changes=self.changes)))


def is_ours(page: Path) -> bool:
    """True for a page that says it is of a site of ours."""
    return f'<meta name="generator" content="{GENERATOR}">'.encode() in read_plain(page)[:HEAD]
