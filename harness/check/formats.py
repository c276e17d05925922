"""A report of checks as text, JSON, SARIF, GitHub annotations and JUnit XML. Each is a list of lines but JSON, which is a value."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

from harness import finding_formats
from harness.check.report import Entry, Report
from harness.finding_formats import Annotation
from harness.findings import line_of
from harness.plaintext import count_of, visible


def to_text(report: Report, statistics: bool = False, width: int = 0) -> list[str]:
    """A line for each finding, then what is allowed, what did not run, what was slow, and the sums. Wrapped at a `width`, which a terminal has."""
    lines = [line_of(entry.finding) + at_scales(entry) for entry in report.open]
    lines += [f"allowed: {entry.finding.where} {entry.finding.code} {entry.finding.message}: {entry.finding.suppressed}" for entry in report.allowed]
    lines += [f"{one.code} not run: {one.why}" for one in report.not_run]
    lines += [f"{code} is slow: it took {seconds:.1f} s" for code, seconds in sorted(report.slow.items())]
    if statistics:
        counts = Counter(entry.finding.code for entry in report.open)
        lines += [f"{count:5} {code} {name_of(code, report)}" for code, count in counts.most_common()]
    found, allowed = count_of(len(report.open), "finding", "findings"), f", {len(report.allowed)} allowed" if report.allowed else ""
    return wrap([*lines, f"{found}{allowed} in {count_of(report.experiments, 'experiment', 'experiments')}"], width)


def at_scales(entry: Entry) -> str:
    return f" [{', '.join(entry.scales)}]" if entry.scales else ""


def wrap(lines: Iterable[str], width: int) -> list[str]:
    """The lines broken between words, what follows the first of them indented; unchanged without a width."""
    if not width:
        return list(lines)
    shape = textwrap.TextWrapper(width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return [part for line in lines for part in shape.wrap(visible(line, keep="")) or [""]]


def name_of(code: str, report: Report) -> str:
    return report.rules[code].name if code in report.rules else ""


def to_json(report: Report) -> dict[str, Any]:
    """`{"findings": […], "not_run": […], "slow": {…}, "refused": {…}}`; `suppressed` is the reason, or null."""
    return {
        "findings": [as_dict(entry) for entry in report.entries],
        "not_run": [{"code": one.code, "why": one.why} for one in report.not_run],
        "slow": report.slow,
        "refused": report.refused,
    }


def as_dict(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    return {
        "code": finding.code,
        "severity": finding.severity,
        "stage": finding.stage,
        "message": finding.message,
        "fix": finding.fix,
        "where": {"file": finding.where.file, "line": finding.where.line},
        "subject": finding.subject,
        "evidence": list(finding.evidence),
        "suppressed": finding.suppressed or None,
        "experiment": entry.experiment,
        "scales": list(entry.scales),
    }


def to_sarif(report: Report) -> list[str]:
    """SARIF 2.1.0 with every rule in `tool.driver.rules`; what is allowed is a result with its justification under `suppressions`, and a rule that did not
    run a notification of the invocation."""
    rules = [
        {
            "id": code,
            "name": rule.name,
            "shortDescription": {"text": rule.name},
            "fullDescription": {"text": rule.text or rule.source},
            "defaultConfiguration": {"level": rule.severity},
        }
        for code, rule in report.rules.items()
    ]
    notes = [{"descriptor": {"id": one.code}, "level": "note", "message": {"text": f"not run: {one.why}"}} for one in report.not_run]
    invocation = {"executionSuccessful": not report.refused, "toolExecutionNotifications": notes}
    return finding_formats.to_sarif("harness check", rules, map(annotation_of, report.entries), invocation)


def to_github(report: Report) -> list[str]:
    """Workflow commands that GitHub shows as annotations of the changed lines."""
    return finding_formats.to_github(map(annotation_of, report.open))


def annotation_of(entry: Entry) -> Annotation:
    finding = entry.finding
    return Annotation(
        code=finding.code,
        level=finding.severity,
        message=f"{finding.message}. {finding.fix}.",
        file=finding.where.file,
        line=finding.where.line,
        suppressed=finding.suppressed,
    )


def to_junit(report: Report) -> list[str]:
    """A test case for each rule that found something, or could not run (skipped)."""
    failed, skipped = sorted({entry.finding.code for entry in report.open}), [(one.code, one.why) for one in report.not_run]
    counts = {"tests": len(failed) + len(skipped), "failures": len(failed), "skipped": len(skipped)}
    suite = ElementTree.Element("testsuite", {"name": "harness check", **{name: str(count) for name, count in counts.items()}})
    for code in failed:
        lines = [visible(line_of(entry.finding), keep="") for entry in report.open if entry.finding.code == code]
        ElementTree.SubElement(test_case(suite, code, report), "failure", message=lines[0]).text = "\n".join(lines)
    for code, why in skipped:
        ElementTree.SubElement(test_case(suite, code, report), "skipped", message=visible(why, keep=""))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True).splitlines()


def test_case(suite: ElementTree.Element, code: str, report: Report) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname="harness.check", name=f"{code} {name_of(code, report)}".strip())
