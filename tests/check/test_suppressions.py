"""What is allowed is listed, needs a reason, and must suppress something."""

from __future__ import annotations

from planted import Planted

ALLOW = '\nallow: {{R510: {{why: "{why}"}}}}\n'


def allow(design: Planted, text: str) -> None:
    design.write(design.yaml, design.read(design.yaml) + text)


def test_a_suppression_of_nothing_is_a_finding(coin_design: Planted) -> None:
    allow(coin_design, '\nallow: {R510: {why: "nothing of the kind is there at all"}}\n')
    (finding,) = coin_design.check("--select", "R510", scale="all")
    assert finding["code"] == "R510" and finding["where"]["file"].endswith("experiment.yaml") and finding["where"]["line"] > 1


def test_the_clean_design_has_no_suppression(coin_design: Planted) -> None:
    assert coin_design.found("R510", scale="all") == []
