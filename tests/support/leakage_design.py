"""A persona-leakage design with something planted in it, checked without pytest: what rules find in its rows, in milliseconds."""

from __future__ import annotations

from pathlib import Path

from harness.design.experiment import experiment_in
from harness.errors import HarnessError
from harness.extensions import checks, facts
from harness.findings import Facts, run_checks
from harness.records import Finding
from planted import Planted


def design_facts(root: Path, scale: str = "smoke") -> Facts:
    """What is known of the experiment without collecting its tests."""
    experiment = experiment_in(root / "evals/persona_leakage")
    spec = experiment.spec
    given = {
        "experiment": experiment,
        "spec": spec.at(scale),
        "scale": scale,
        "settings": dict(spec.scales[scale].settings),
        "root": root,
        "tests": [],
        "imported_sources": {},
    }
    return Facts(given, {name: found for name, found in facts().items() if name not in given})


def found_in(design: Planted, code: str, scale: str = "smoke") -> list[Finding]:
    """What one rule finds in the rows; nothing else of the design is looked at."""
    return found_by(design_facts(design.root, scale), code)


def found_by(known: Facts, code: str) -> list[Finding]:
    checked = run_checks([checks()[code]], known, facts(), ("declare", "plan"))
    if checked.not_run:
        raise HarnessError(checked.not_run[0].why)
    return list(checked.findings)
