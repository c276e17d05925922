"""`harness samples`: rows of the samples of a run, chosen by arm, expression and pattern."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command, add_run, whole
from harness.errors import HarnessError, nearest
from harness.plaintext import count_of, one_line, visible

if TYPE_CHECKING:
    from harness.report.sample_rows import RowReader, Samples

SHORT = 24  # characters of a text that stands beside others
MORE = (
    "An arm is a samples file, named as it is or without its hash. A field that a row lacks is None. Exit code 1: a samples file is damaged or gone; "
    "the others, and its intact rows, are shown."
)


def add(commands: Any) -> None:
    command = add_command(commands, "samples", run, "rows of the raw samples of a run", MORE)
    add_run(command, "run_folder", metavar="RUN")
    command.add_argument("--cell", action="append", default=[], metavar="ID", help="only samples that this cell rests on; also H1* (repeatable)")
    command.add_argument("--arm", action="append", default=[], metavar="NAME", help="only this arm; also refusal-* (repeatable)")
    command.add_argument("--where", default="True", metavar="EXPR", help="only rows for which it holds: 'correct == False and score > 0.5'")
    command.add_argument("--grep", default="", metavar="REGEX", help="only rows whose prompt or text matches")
    command.add_argument("--shared", action="store_true", help="only items whose rows match in every arm, item by item with the answers of all arms")
    command.add_argument("--limit", type=whole, default=20, metavar="N", help="rows, or shared items, that are shown (default: 20; 0: all)")
    command.add_argument("--columns", default="", metavar="A,B", help="show these fields alone")
    command.add_argument("--full", action="store_true", help="show whole texts, not what fits a line")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.files import require_no_links
    from harness.report.build import view_of
    from harness.report.runs import find_run
    from harness.report.sample_rows import Samples

    folder = find_run(arguments.run_folder)
    samples = Samples(folder, view_of(folder, noted=False))
    require_no_links(folder, "samples")
    query = Query(samples, arguments)
    groups = query.shared() if arguments.shared else query.first()
    query.check_fields()
    troubles = query.troubles()
    lines = [line for group in groups for line in query.lines_of(group)]
    value = {"run": str(folder), "groups" if arguments.shared else "rows": groups if arguments.shared else [row for group in groups for row in group]}
    lines += [query.summary(len(groups)), *(f"damaged: {path}: {trouble}" for path, trouble in troubles.items())]
    return (
        (FINDINGS if troubles else CLEAN),
        {**value, "matched": query.matched, "read": query.read, "failed": dict(query.where.failed), "troubles": troubles},
        lines,
    )


class Query:
    """One question to the samples of a run. Rows are read one at a time; what is kept is what is shown and, for shared items, the ids of those that match."""

    def __init__(self, samples: Samples, arguments: argparse.Namespace) -> None:
        from harness.report.row_filter import RowFilter

        self.samples, self.full, self.limit = samples, arguments.full, arguments.limit or None
        self.columns = [name for name in map(str.strip, arguments.columns.split(",")) if name]
        self.where, self.pattern = RowFilter(arguments.where), compiled(arguments.grep)
        self.together = arguments.shared
        self.paths = self.choose(arguments.cell, arguments.arm)
        if self.together and len(self.paths) < 2:
            raise HarnessError("--shared compares at least two arms", where="harness samples", mend="Name them: --arm A --arm B")
        self.seen: set[str] = set()
        self.readers: dict[str, RowReader] = {}
        self.matched = self.read = 0

    def choose(self, cells: Sequence[str], arms: Sequence[str]) -> dict[str, str]:
        """Path of each chosen samples file to the name of its arm: without the hash, where that is unique."""
        from harness.report.sample_rows import arm_of

        short = {path: arm_of(path) for path in self.samples.refs}
        labels = {path: name if [*short.values()].count(name) == 1 else Path(path).stem for path, name in short.items()}
        behind = {path: [cell for cell, _ in pairs] for path, pairs in self.samples.view.sample_refs.items()}
        for option, wanted, names in (("--cell", cells, behind), ("--arm", arms, {path: [label] for path, label in labels.items()})):
            for pattern in wanted:
                if not any(fits(pattern, path, names[path]) for path in labels):
                    every, there = dict.fromkeys(name for path in labels for name in names[path]), " in these cells" if cells and option == "--arm" else ""
                    raise HarnessError(f"no {option[2:]} with samples is called {pattern!r}{there}", where=option, mend=nearest(pattern, every))
            labels = {path: label for path, label in labels.items() if not wanted or any(fits(pattern, path, names[path]) for pattern in wanted)}
        return labels

    def matches(self, path: str) -> Iterator[dict[str, Any]]:
        """The rows of a file that match, each with its arm and place."""
        from harness.report.sample_rows import ASKED, WRITTEN, RowReader

        reader = self.readers[path] = RowReader(self.samples.folder, self.samples.refs[path])
        for place, row in enumerate(reader):
            self.seen |= row.keys()
            self.read += 1
            if self.where(row) and (self.pattern is None or any(self.pattern.search(str(row.get(name) or "")) for name in (*ASKED, WRITTEN))):
                yield {"arm": self.paths[path], "file": path, "row": place, "fields": row}

    def first(self) -> list[list[dict[str, Any]]]:
        """The first rows that match, each a group of its own."""
        found: list[list[dict[str, Any]]] = []
        for match in (match for path in self.paths for match in self.matches(path)):
            self.matched += 1
            if self.limit is None or len(found) < self.limit:
                found.append([match])
        return found

    def shared(self) -> list[list[dict[str, Any]]]:
        """The rows of the first items that match in every arm, a group for each item."""
        items: dict[str, None] | None = None
        for path in self.paths:
            mine = dict.fromkeys(str(match["fields"]["item"]) for match in self.matches(path) if "item" in match["fields"])
            items = mine if items is None else {item: None for item in items if item in mine}
        self.matched, read, failed = len(items or ()), self.read, self.where.failed.copy()
        groups: dict[str, list[dict[str, Any]]] = {item: [] for item in list(items or ())[: self.limit]}
        for match in (match for path in self.paths if groups for match in self.matches(path)):
            groups.get(str(match["fields"].get("item")), []).append(match)
        self.read, self.where.failed = read, failed  # as they were counted once
        return [group for group in groups.values() if group]

    def check_fields(self) -> None:
        """Raises HarnessError for a field that no row has, and for an expression that has an answer at no row."""
        from harness.report.sample_rows import ASKED, WRITTEN

        needed = (("--where", sorted(self.where.names)), ("--columns", self.columns), ("--shared", ["item"] if self.together else []))
        for option, names in needed if self.read else ():
            for name in names:
                if name not in self.seen:
                    raise HarnessError(f"no row has a field {name!r}", where=option, mend=nearest(name, sorted(self.seen - {"#"})))
        if self.read and self.pattern and not self.seen & {*ASKED, WRITTEN}:
            told = f"no row has a field that it searches ({', '.join((*ASKED, WRITTEN))})"
            raise HarnessError(told, where="--grep", mend=f"Search others with --where \"'word' in FIELD\": {', '.join(sorted(self.seen - {'#'}))}")
        if why := self.where.why_nowhere(self.read):
            raise HarnessError(why, where="--where", mend="--columns and --limit 3 show what the fields hold")

    def troubles(self) -> dict[str, str]:
        from harness.report.sample_rows import LOST

        return {path: LOST if reader.lost else reader.trouble for path, reader in self.readers.items() if reader.trouble}

    def summary(self, shown: int) -> str:
        what = ("item matches in every arm", "items match in every arm") if self.together else ("row matches", "rows match")
        failed = self.where.failed
        parts = [count_of(self.matched, *what), f"{self.read:,} rows read", f"shown: {shown} (--limit)" if shown < self.matched else ""]
        parts += [f"--where failed at {count:,} of them: {reason}" for reason, count in failed.most_common()]
        parts += [f"{name} has no value in any" for name in sorted(self.where.names - self.where.valued) if self.read and not self.matched]
        return "; ".join(filter(None, parts))

    def lines_of(self, group: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """A row under its arm and item; of a shared item first what all arms have in common, then what each has of its own."""
        rows = [match["fields"] for match in group]
        common = {name for name, value in rows[0].items() if all(row.get(name) == value and name in row for row in rows)} if self.together else set()
        if self.together:
            yield from self.fields({name: rows[0][name] for name in rows[0] if name in common})
        for match, row in zip(group, rows, strict=True):
            yield f"{match['arm']}  row {match['row']}"
            yield from self.fields({name: row[name] for name in row if name not in common})
        yield ""

    def fields(self, row: Mapping[str, Any]) -> Iterator[str]:
        """What was asked, what could be chosen and what was answered, a line each; then other texts, and short values side by side."""
        from harness.report.sample_rows import ASKED, HIDDEN, OPTIONS, WRITTEN, as_text

        first = [name for name in ("item", *ASKED, *OPTIONS, WRITTEN) if name in row]
        names = self.columns or [*first, *(name for name in row if name not in first and (name not in HIDDEN or (name == "status" and row[name] != "ok")))]
        texts = {name: as_text(row[name]) for name in names if name in row}
        short = {name: text for name, text in texts.items() if name not in first and (len(text) <= SHORT or not isinstance(row[name], str))}
        for name, text in texts.items():
            if name not in short:
                yield from self.block(f"  {one_line(name)}: ", text)
        if short:
            yield from self.block("  ", "; ".join(f"{name} {text}" for name, text in short.items()))

    def block(self, head: str, text: str) -> Iterator[str]:
        """A field on one line, cut to the width; with --full all of its lines."""
        from rich.cells import cell_len, set_cell_size

        from harness.cli.tables import width

        lines = [visible(line, keep="") for line in text.splitlines()] if self.full else [one_line(text)]
        for place, line in enumerate(lines):
            shown = f"{'    ' if place else head}{line}"
            yield shown if self.full or cell_len(shown) <= width() else set_cell_size(shown, width() - 1) + "…"


def fits(pattern: str, path: str, names: Sequence[str]) -> bool:
    """Whether a samples file is meant: by its path or file name, by a name as it stands, or by * and ?; the [ of a cell's id is no pattern."""
    return pattern in (path, Path(path).name, *names) or any(fnmatchcase(name, pattern.replace("[", "[[]")) for name in names)


def compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise HarnessError(f"{text!r} is no regular expression: {error}", where="--grep", mend="Put a backslash before ( [ * + ? .") from None
