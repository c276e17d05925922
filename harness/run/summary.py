"""The table at the end of a run: verdicts, why, what was saved, where the report is. Plain text where the output is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.commands import command, shorten
from harness.costs import in_words
from harness.findings import line_of
from harness.plaintext import count_of
from harness.records import Execution, Finding, Results
from harness.report.escape import one_line, visible
from harness.run.finalize import ReportOutcome
from harness.run.redact import redact

COLOUR = {
    "supported": "green",
    "passed": "green",
    "falsified": "yellow",
    "failed": "red",
    "error": "red",
    "inconclusive": "yellow",
    "blocked": "magenta",
    "killed": "magenta",
    "missing": "dim",
}
SHOWN_CELLS = 24
SHOWN_FINDINGS = 8


def write(reporter: Any, told: Iterable[Any]) -> None:
    """Writes each finished run, or plain lines (of the plan), through pytest's terminal reporter; last a line for each run."""
    runs = []
    for one in told:
        if isinstance(one, ReportOutcome):
            write_run(reporter, one)
            runs.append(one)
        else:
            reporter.write_line(shown_line(str(one)))
    if runs:
        reporter.section("results", sep="-")
    for one in runs:
        reporter.write_line(shown_line(closing_line(one)))


def write_findings(reporter: Any, findings: Sequence[Finding]) -> None:
    """Writes a line for each finding in the designs that were collected; plans and runs tell theirs themselves."""
    if findings:
        reporter.section("checks of the design", sep="-")
    for finding in findings:
        reporter.write_line(shown_line(line_of(finding)), **{"red" if finding.severity == "error" else "yellow": True})


def closing_line(told: ReportOutcome) -> str:
    """Verdict (with what it lacks where nothing was decided), headline effect with its interval, and where the report is."""
    if told.results is None:
        return f"no results: {told.problem}"
    results, folder = told.results, folder_name(told.folder)
    where = next((f"{folder}/{name}" for name in ("index.html", "results.json") if (told.folder / name).exists()), folder)
    verdict = results.verdict.upper()
    if results.verdict not in ("supported", "falsified"):
        verdict = ": ".join([verdict, *(hypothesis.reason for hypothesis in results.hypotheses if hypothesis.primary and hypothesis.reason)])
    return "; ".join(filter(None, (f"{results.experiment}: {verdict}", headline_effect(results), where)))


def headline_effect(results: Results) -> str:
    """The effect of the first cell of the primary hypothesis that has one: `shift +37 pp [+28.2, +45] in H1[villain-heads]`."""
    from harness.report.number_format import in_unit

    primary = {hypothesis.id for hypothesis in results.hypotheses if hypothesis.primary}
    for cell in results.cells:
        for measured in cell.measurements if cell.owner in primary else ():
            if measured.name == cell.effect and measured.interval is not None:
                low, high = in_unit(measured.interval.low, measured.unit), in_unit(measured.interval.high, measured.unit)
                ends = f"[{low}, {high}]" if measured.interval.has_width else "no interval"
                return f"{measured.name} {in_unit(measured.value, measured.unit)} {ends} in {cell.id}"
    return ""


def write_run(reporter: Any, told: ReportOutcome) -> None:
    if told.results is not None:
        results = told.results
        reporter.section(shown_line(f"{results.experiment} ({results.scale}): {results.verdict.upper()}"), sep="-")
        for line in render_table(results, reporter).rstrip().split("\n"):
            reporter.write_line(line)
        for line in footer(results, reporter.config.rootpath):
            reporter.write_line(shown_line(line))
    if told.problem:
        reporter.write_line(shown_line(f"harness: {told.problem}"), red=True)
    for note in told.notes:
        reporter.write_line(shown_line(f"note: {note}"))
    if (told.folder / "index.html").exists():
        reporter.write_line(f"report: {folder_name(told.folder)}/index.html")
    elif told.results is not None and not told.problem:
        reporter.write_line(f"results: {folder_name(told.folder)}/results.json ({shown_line(command('harness', 'report', told.folder))} writes the report)")


def shown_line(text: str) -> str:
    """A line for the terminal, without keys, control characters visible."""
    return visible(redact(text), keep="")


def folder_name(folder: Path) -> str:
    """A folder as the user finds it from where pytest was called."""
    return shown_line(shorten(folder))


def render_table(results: Results, reporter: Any) -> str:
    """The table as text, with colours where pytest writes colours."""
    import io

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = bool(reporter._tw.hasmarkup)
    out = io.StringIO()
    table = Table(box=SIMPLE if colours else None, pad_edge=False, show_edge=False)
    for heading in ("", "verdict", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "why")
    for name, verdict, why in rows(results):
        table.add_row(Text(one_line(name)), Text(verdict, style=COLOUR[verdict]), Text(one_line(why)))
    Console(file=out, width=min(reporter._tw.fullwidth, 160), force_terminal=colours, no_color=not colours, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def rows(results: Results) -> list[tuple[str, str, str]]:
    """Hypotheses, then gates, kills and controls, then the cells of hypotheses that were selected."""
    found: list[tuple[str, str, str]] = [(f"{result.id} (hypothesis)", result.verdict, result.reason) for result in results.hypotheses]
    found += [(f"{check.id} ({check.polarity + ' ' if check.polarity else ''}{check.kind})", check.verdict, check.reason) for check in results.checks]
    cells = [cell for cell in results.cells if cell.kind == "hypothesis" and cell.reason != "not selected in this run"]
    found += [(cell.id, cell.verdict, cell.reason) for cell in cells[:SHOWN_CELLS]]
    if len(cells) > SHOWN_CELLS:
        found.append((f"… and {len(cells) - SHOWN_CELLS} more cells", "missing", "see the report"))
    return found


def footer(results: Results, root: Path) -> list[str]:
    lines = [f"confidence: {results.confidence.level} - {results.confidence.reason}"]
    stopped = results.stopped
    if stopped.cells:
        by = ", ".join(f"{name} ({count})" for name, count in stopped.by.items())
        lines.append(f"stopped: {count_of(stopped.cells, 'cell', 'cells')} by {by}; saved {in_words(stopped.cost)} of the plan")
    if not results.complete:
        named = ", ".join(results.missing[:8]) + (" …" if len(results.missing) > 8 else "")
        lines.append(f"INCOMPLETE: {count_of(len(results.missing), 'selected cell has', 'selected cells have')} no result: {named}")
    for deviation in results.promise.deviations[:6]:
        lines.append(f"deviation: {deviation.what}: registered {deviation.promised[:60]}, found {deviation.found[:60]}")
    if not results.promise.locked:
        lines.append(f"not pre-registered ({command('harness', 'lock', (root / results.promise.lock_file).parent)} preregisters it)")
    lines += findings_found(results)
    lines += [f"note: {one_line(note)}" for note in results.execution.notes]
    lines.append(work_done(results.execution))
    return lines


def findings_found(results: Results) -> list[str]:
    """A line for each finding that the declaration does not allow, errors first; of many the first, and how many more there are."""
    found = sorted((finding for finding in (*results.findings, *results.execution.findings) if not finding.suppressed), key=lambda finding: finding.severity)
    rest = [f"… and {len(found) - SHOWN_FINDINGS} more: results.json"] if len(found) > SHOWN_FINDINGS else []
    return [one_line(line_of(finding)) for finding in found[:SHOWN_FINDINGS]] + rest


def work_done(execution: Execution) -> str:
    """How many cells and rows of samples there are, and how many of them an earlier run had measured."""
    cells = f"cells: {len(execution.seconds)} finished, {len(execution.reused)} of them reused from earlier equal work"
    samples = f"; samples: {execution.samples} rows, {execution.samples_reused} of them reused" if execution.samples else ""
    return f"{cells}{samples}; {execution.wall_s:.1f} s"
