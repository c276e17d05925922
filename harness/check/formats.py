"""A report of checks as text, JSON, SARIF, GitHub annotations and JUnit XML."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from harness.check.report import Entry, Report
from harness.extensions import checks
from harness.findings import line_of
from harness.plaintext import count_of

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def to_text(report: Report, statistics: bool = False) -> list[str]:
    """A line for each finding, then what is allowed, what did not run, what was slow, and the sums."""
    lines = [line_of(entry.finding) + at_scales(entry) for entry in report.open]
    lines += [f"allowed: {entry.finding.where} {entry.finding.code} {entry.finding.message}: {entry.finding.suppressed}" for entry in report.allowed]
    lines += [f"{one.code} not run: {one.why}" for one in report.not_run]
    lines += [f"{code} is slow: it took {seconds:.1f} s" for code, seconds in sorted(report.slow.items())]
    if statistics:
        counts = Counter(entry.finding.code for entry in report.open)
        lines += [f"{count:5} {code} {name_of(code)}" for code, count in counts.most_common()]
    found, allowed = count_of(len(report.open), "finding", "findings"), f", {len(report.allowed)} allowed" if report.allowed else ""
    return [*lines, f"{found}{allowed} in {count_of(report.experiments, 'experiment', 'experiments')}"]


def at_scales(entry: Entry) -> str:
    return f" [{', '.join(entry.scales)}]" if entry.scales else ""


def name_of(code: str) -> str:
    return checks()[code].name if code in checks() else ""


def to_json(report: Report) -> dict[str, Any]:
    """`{"findings": […], "not_run": […], "slow": {…}}`; `suppressed` is the reason, or null."""
    return {
        "findings": [as_dict(entry) for entry in report.entries],
        "not_run": [{"code": one.code, "why": one.why} for one in report.not_run],
        "slow": report.slow,
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


def to_sarif(report: Report) -> str:
    """SARIF 2.1.0 with every rule in `tool.driver.rules`; what is allowed is a result with its justification under `suppressions`."""
    rules = [
        {"id": code, "name": check.name, "shortDescription": {"text": check.name}, "fullDescription": {"text": check.text or check.source}}
        for code, check in checks().items()
    ]
    driver = {"name": "harness check", "rules": rules}
    run = {"tool": {"driver": driver}, "results": [sarif_result(entry) for entry in report.entries]}
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=1)


def sarif_result(entry: Entry) -> dict[str, Any]:
    finding = entry.finding
    region = {"region": {"startLine": finding.where.line}} if finding.where.line else {}
    place = {"physicalLocation": {"artifactLocation": {"uri": finding.where.file}, **region}}
    result = {"ruleId": finding.code, "level": finding.severity, "message": {"text": f"{finding.message}. {finding.fix}."}, "locations": [place]}
    return result | ({"suppressions": [{"kind": "inSource", "justification": finding.suppressed}]} if finding.suppressed else {})


def to_github(report: Report) -> list[str]:
    """Workflow commands that GitHub shows as annotations of the changed lines."""
    return [
        f"::{entry.finding.severity} file={escape_property(entry.finding.where.file)},line={max(1, entry.finding.where.line)},title={entry.finding.code}"
        f"::{escape_data(f'{entry.finding.message}. {entry.finding.fix}.')}"
        for entry in report.open
    ]


def escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def to_junit(report: Report) -> str:
    """A test case for each rule that found something, or could not run (skipped)."""
    codes = sorted({entry.finding.code for entry in report.open})
    suite = ElementTree.Element("testsuite", name="harness check", tests=str(len(codes) + len(report.not_run)), failures=str(len(codes)))
    for code in codes:
        case = ElementTree.SubElement(suite, "testcase", classname="harness.check", name=f"{code} {name_of(code)}")
        lines = [line_of(entry.finding) for entry in report.open if entry.finding.code == code]
        ElementTree.SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
    for one in report.not_run:
        case = ElementTree.SubElement(suite, "testcase", classname="harness.check", name=f"{one.code} {name_of(one.code)}")
        ElementTree.SubElement(case, "skipped", message=one.why)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
