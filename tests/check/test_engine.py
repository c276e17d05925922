"""The engine of checks: stages, missing facts, broken rules, suppressions, and what they do to a run and its confidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.findings import GRAVE, Checked, Fact, Facts, MissingFact, Rule, allows, found, line_of, rule, run_checks, stage_of, unused
from harness.records import STAGES, Confidence, Finding, Place, Severity
from harness.run.checks import cap
from planted import Planted
from toy import Toy, harness

HERE = Place(file="evals/x/experiment.yaml", line=17, path="roles/source")
WHY = "the lengths are reported and tested in H7"

CONFTEST = '''


def pytest_harness_checks():
    from harness.findings import found, rule

    @rule("ZZ101", "biased coins", needs=("yaml",), severity="{severity}", source="a coin was biased")
    def find_bias(facts):
        """A biased coin decides nothing.

        Bad: a coin of .9.

        Good: a coin of .5.
        """
        yield found("the coin of heads is biased", where=facts.place("axes", "behaviour"), fix="Take another coin", subject="heads")

    return [find_bias]
'''


def rule_of(*findings: Finding, code: str = "D118", needs: tuple[str, ...] = (), severity: Severity = "error", error: BaseException | None = None) -> Rule:
    def find(facts: Facts) -> Iterable[Finding]:
        yield from findings
        for name in needs:
            getattr(facts, name)
        if error is not None:
            raise error

    return rule(code, "a rule", needs=needs, severity=severity, source="somebody")(find)


def facts_of(providers: Mapping[str, list[Fact]] | None = None, scale: str = "smoke", **allow: list[Any]) -> Facts:
    return Facts({"spec": SimpleNamespace(allow=allow), "scale": scale}, providers or {})


def entry(why: str = WHY, where: str = "", scales: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(why=why, where=where, scales=scales)


FINDING = found("12 negative rows carry the target's prompt", where=HERE, fix="Leave them out", subject="gardener", evidence=("r1", "r2", "r3", "r4"))


# Stages


@pytest.mark.parametrize(
    ("needs", "stage"), [((), "declare"), (("spec",), "declare"), (("words",), "plan"), (("spec", "words"), "plan"), (("words", "results"), "decide")]
)
def test_the_latest_fact_decides_the_stage(needs: tuple[str, ...], stage: str) -> None:
    assert stage_of(rule_of(needs=needs), {"words": [Fact("plan", lambda _: [])]}) == stage


def test_a_rule_runs_at_its_stage_alone() -> None:
    providers = {"words": [Fact("plan", lambda _: [])]}
    rules = [rule_of(FINDING), rule_of(FINDING, code="D119", needs=("words",))]
    for stages, codes in ((("declare",), {"D118"}), (("plan",), {"D119"}), (STAGES, {"D118", "D119"})):
        checked = run_checks(rules, facts_of(providers), providers, stages)
        assert checked.ran == codes == {finding.code for finding in checked.findings}
    assert {finding.stage for finding in checked.findings} == {"declare", "plan"}


def test_a_fact_is_computed_once_and_only_where_it_is_read() -> None:
    computed: list[str] = []
    providers = {name: [Fact("declare", lambda _, name=name: computed.append(name))] for name in ("words", "rows")}  # type: ignore[misc]
    run_checks([rule_of(needs=("words",)), rule_of(code="D119", needs=("words",))], facts_of(providers), providers, STAGES)
    assert computed == ["words"]


def test_facts_of_several_domains_are_joined() -> None:
    providers = {"rows": [Fact("plan", lambda _: [1, 2]), Fact("plan", lambda _: []), Fact("plan", lambda _: (3,))]}
    assert facts_of(providers).rows == [1, 2, 3]


# What cannot run is never clean


def missing(_: Facts) -> Any:
    raise MissingFact("the tokenizer of m is not here")


def refused(_: Facts) -> Any:
    raise HarnessError("the bank is empty", where="banks/x.jsonl")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (rule_of(FINDING, needs=("tokens",)), "the tokenizer of m is not here"),
        (rule_of(FINDING, needs=("bank",)), "banks/x.jsonl: the bank is empty"),
        (rule_of(FINDING, needs=("nobodys",)), "nothing that is installed provides nobodys"),
        (rule_of(FINDING, error=ZeroDivisionError("division by zero")), "the rule itself failed: ZeroDivisionError: division by zero"),
        (rule_of(FINDING, error=SystemExit(0)), "the rule itself failed: SystemExit: 0"),
        (rule_of("no finding"), "the rule itself failed: "),  # type: ignore[arg-type]
    ],
)
def test_a_rule_that_cannot_run_is_reported_as_not_run(broken: Rule, why: str) -> None:
    """With the reason; what it found before stays, and the other rules run."""
    providers = {"tokens": [Fact("plan", missing)], "bank": [Fact("plan", refused)]}
    checked = run_checks([broken, rule_of(FINDING, code="D119")], facts_of(providers), providers, STAGES)
    assert [one.code for one in checked.not_run] == ["D118"] and checked.not_run[0].why.startswith(why)
    assert checked.ran == {"D119"} and {finding.code for finding in checked.findings} <= {"D118", "D119"}


def test_a_mistake_for_which_a_fact_cannot_be_computed_is_no_clean_design(toy: Toy) -> None:
    """It is told, and the exit code is 2; under a code it is a finding."""
    own_rule(toy)
    toy.edit("conftest.py", 'needs=("yaml",)', 'needs=("universe", "yaml")')
    toy.edit("conftest.py", "        yield found(", "        facts.universe\n        yield found(")
    toy.write("evals/coins/experiment.lock.json", "{}")
    done = harness(toy, "check", "evals", "--select", "ZZ")
    assert done.returncode == 2 and "the lock file was altered" in done.stderr and "ZZ101 not run" in done.stdout, done.stdout + done.stderr
    both = run_checks([rule_of(needs=("coded",)), rule_of(code="D119", needs=("coded",))], facts_of({"coded": [Fact("plan", coded)]}), {}, STAGES)
    assert [error.code for error in both.refused] == ["D112"] and len(both.not_run) == 2


def coded(_: Facts) -> Any:
    raise HarnessError("a row is malformed", where="banks/x.jsonl:6", code="D112")


def test_a_slow_rule_is_reported_with_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.findings.SLOW", -1.0)
    assert run_checks([rule_of()], facts_of(), {}, STAGES).slow.keys() == {"D118"}


# Suppressions


@pytest.mark.parametrize(
    ("allowed", "scale", "suppressed"),
    [
        (entry(), "smoke", True),
        (entry(where="roles/source"), "smoke", True),
        (entry(where="roles"), "smoke", True),
        (entry(where="role"), "smoke", False),
        (entry(where="roles/canary"), "smoke", False),
        (entry(where="gardener"), "smoke", True),
        (entry(where="garden"), "smoke", False),
        (entry(where="evals/*/experiment.yaml"), "smoke", True),
        (entry(where="evals/y/*"), "smoke", False),
        (entry(scales=("smoke",)), "smoke", True),
        (entry(scales=("smoke",)), "full", False),
        (entry(scales=("pilot", "full"), where="gardener"), "full", True),
    ],
)
def test_a_suppression_is_narrowed_by_path_subject_file_and_scale(allowed: Any, scale: str, suppressed: bool) -> None:
    checked = run_checks([rule_of(FINDING)], facts_of(scale=scale, D118=[allowed]), {}, STAGES)
    assert [finding.suppressed for finding in checked.findings] == [WHY if suppressed else ""]
    assert len(checked.open) == len(checked.errors) == (not suppressed)


def test_a_suppression_of_another_code_suppresses_nothing() -> None:
    checked = run_checks([rule_of(FINDING)], facts_of(D119=[entry()]), {}, STAGES)
    assert checked.open and list(unused({"D119": [entry()]}, {"smoke": checked})) == []  # D119 did not run: nobody knows


def test_an_unused_suppression_is_told_where_its_rule_ran_at_every_scale_that_it_is_about() -> None:
    clean, hit = (run_checks([rule_of(*findings)], facts_of(), {}, STAGES) for findings in ((), (FINDING,)))
    entries = {"D118": [entry(), entry(scales=("full",)), entry(where="nowhere")]}
    assert list(unused(entries, {"smoke": clean})) == [("D118", 0), ("D118", 2)]
    assert list(unused(entries, {"smoke": clean, "full": hit})) == [("D118", 2)]
    assert list(unused(entries, {"smoke": hit, "full": clean})) == [("D118", 1), ("D118", 2)]
    assert not allows(entries["D118"][1], FINDING, "smoke")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('allow: {R599: {why: "it was argued for in a paper"}}', "allow names 'R599', which is no rule. Did you mean 'R"),
        ('allow: {R510: {why: "because it is so"}}', "allow.R510.why: string should have at least 20 characters"),
        ("allow: {R510: {where: roles}}", "the key 'why' is missing"),
        ('allow: {R510: {why: "it was argued for in a paper", scales: [pilot]}}', "allow: R510 is for the scale 'pilot', which is not declared"),
        ('allow: {R510: {why: "it was argued for in a paper", were: roles}}', "were"),
    ],
)
def test_a_malformed_suppression_is_refused_at_its_line(toy: Toy, text: str, told: str) -> None:
    path = toy.root / "evals/coins/experiment.yaml"
    line = path.read_text().count("\n") + 1
    path.write_text(path.read_text() + text + "\n")
    for words in (("check", "evals"), ("plan", "evals")):
        done = harness(toy, *words)
        assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
        assert f"experiment.yaml:{line}: " in done.stderr and told in done.stderr, done.stderr


def own_rule(design: Toy | Planted, severity: str = "error", allow: str = "") -> None:
    """A rule of the project that finds something in any design, and what the declaration allows."""
    root = design.root
    (root / "conftest.py").write_text((root / "conftest.py").read_text() + CONFTEST.replace("{severity}", severity))
    if allow:
        path = root / "evals/coins/experiment.yaml"
        path.write_text(path.read_text() + f"allow: {{ZZ101: {allow}}}\n")


def test_a_suppression_is_preregistered_and_changes_no_cell(toy: Toy) -> None:
    """The lock deviates, every finished cell is reused, and the reason stands under Caveats."""
    own_rule(toy)
    assert harness(toy, "lock", "evals/coins").returncode == 0
    assert toy.run().returncode == 0
    path = toy.root / "evals/coins/experiment.yaml"
    path.write_text(path.read_text() + f'allow: {{ZZ101: {{why: "{WHY}", where: heads}}}}\n')
    toy.reporting().run()
    results = toy.results()
    assert len(results["execution"]["reused"]) == 12
    assert [deviation["what"] for deviation in results["promise"]["deviations"]] == ["allow/ZZ101"]
    assert any("ZZ101" in caveat and WHY in caveat for caveat in results["caveats"])
    assert WHY in {finding["suppressed"] for finding in results["findings"]}
    text = (toy.root / "reports/coins/latest/clean_result.md").read_text()
    assert WHY in text[text.index("### Standing caveats") :]


@pytest.mark.parametrize("code", sorted(GRAVE))
def test_a_grave_suppression_caps_the_confidence(code: str) -> None:
    high, spec = Confidence(level="HIGH", reason="all of it"), SimpleNamespace(allow={code: [entry(scales=("full",))]})
    assert cap(high, spec, "full", Checked()) == Confidence(level="LOW", reason=f"the check {code} is allowed")  # type: ignore[arg-type]
    assert cap(high, spec, "smoke", Checked()) == high  # type: ignore[arg-type]


def test_only_errors_that_nothing_allows_cap_the_confidence() -> None:
    high = Confidence(level="HIGH", reason="all of it")
    for findings, level in (((rule_of(FINDING),), "LOW"), ((rule_of(FINDING, severity="warning"),), "HIGH"), ((), "HIGH")):
        assert cap(high, SimpleNamespace(allow={}), "full", run_checks(findings, facts_of(), {}, STAGES)).level == level  # type: ignore[arg-type]
    allowed = run_checks([rule_of(FINDING)], facts_of(D118=[entry()]), {}, STAGES)
    assert cap(high, SimpleNamespace(allow={"D118": [entry()]}), "full", allowed) == high  # type: ignore[arg-type]


# Runs


def test_full_scale_refuses_an_error_in_one_line(toy: Toy) -> None:
    own_rule(toy)
    done = toy.run("--harness-scale", "full")
    told = "evals/coins/experiment.yaml:8: [ZZ101] the coin of heads is biased. Take another coin. A run at scale full refuses errors"
    assert done.returncode == 2 and told in done.stdout.splitlines() and toy.thrown() == []


@pytest.mark.parametrize(("severity", "allow"), [("warning", ""), ("error", f'{{why: "{WHY}"}}'), ("error", f'[{{why: "{WHY}", scales: [full]}}]')])
def test_full_scale_runs_with_a_warning_or_an_allowed_error(toy: Toy, severity: str, allow: str) -> None:
    own_rule(toy, severity, allow)
    assert toy.run("--harness-scale", "full", "-k", "bank").returncode == 0 and "G1" in toy.thrown()


@pytest.mark.parametrize("words", [(), ("-n", "2"), ("--collect-only", "-q"), ("--harness-plan",)], ids=str)
def test_findings_of_a_design_are_shown_on_the_terminal(toy: Toy, words: tuple[str, ...]) -> None:
    """Once, in one line, whatever pytest does; a run at smoke scale goes on and has them in its results."""
    own_rule(toy)
    done = toy.run(*words)
    told = "evals/coins/experiment.yaml:8 ZZ101 [error] the coin of heads is biased. Take another coin. (see harness check --explain ZZ101)"
    assert done.returncode == 0 and sum(told in line for line in done.stdout.splitlines()) == 1, done.stdout
    assert ("checks of the design" in done.stdout) == ("--collect-only" in words)
    if "--collect-only" in words:
        assert not (toy.root / ".harness").exists() and not (toy.root / "reports").exists()
    elif "--harness-plan" not in words:
        assert "ZZ101" in {finding["code"] for finding in toy.results()["findings"]}


def test_an_allowed_finding_is_not_shown_on_the_terminal(toy: Toy) -> None:
    own_rule(toy, allow=f'{{why: "{WHY}"}}')
    assert "ZZ101" not in toy.run("--collect-only").stdout


def test_a_plain_test_session_has_no_checks(toy: Toy) -> None:
    own_rule(toy)
    toy.write("tests/test_plain.py", "def test_it(): pass\n")
    command, toy.command = toy.command, (*toy.command[:3], "tests")
    assert "checks of the design" not in toy.run().stdout
    toy.command = command


def test_two_experiments_of_one_name_do_not_run_together(toy: Toy) -> None:
    """Their runs would be written into one folder."""
    toy.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\n")
    for name in ("experiment.yaml", "test_coins.py"):
        toy.write(f"evals/more/coins/{name}", (toy.root / "evals/coins" / name).read_text())
    done = toy.run()
    assert done.returncode == 2 and "is an experiment of the same name. Run one of them at a time" in done.stdout
    assert toy.run("--collect-only").returncode == 0


def test_a_finding_is_one_line_with_three_instances_at_most() -> None:
    (whole,) = run_checks([rule_of(FINDING)], facts_of(), {}, STAGES).findings
    assert line_of(whole) == (
        "evals/x/experiment.yaml:17 D118 [error] 12 negative rows carry the target's prompt (r1, r2, r3 and 1 more). Leave them out. "
        "(see harness check --explain D118)"
    )


# Rules of the project


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"ZZ101"', '"Z1"', "'Z1' is no code of a rule"),
        ('"ZZ101"', '"R510"', "the rule R510 exists already"),
        ("return [find_bias]", "return [find_bias, 3]", "3 is no harness.protocols.Check"),
        ("return [find_bias]", "return [type(find_bias)]", "is no harness.protocols.Check: it is a class"),
        ("return [find_bias]", "return find_bias", "a hook pytest_harness_checks fails: TypeError"),
        ("return [find_bias]", "raise OSError('no licence')", "a hook pytest_harness_checks fails: OSError: no licence"),
        ('("yaml",)', '("results",)', "the rule ZZ101 runs at the stage decide"),
    ],
)
def test_a_wrong_rule_of_the_project_is_refused_in_one_line(toy: Toy, old: str, new: str, told: str) -> None:
    own_rule(toy)
    toy.edit("conftest.py", old, new)
    done = toy.run("--collect-only")
    assert done.returncode == 2 and any(told in line for line in done.stdout.splitlines()) and "Traceback" not in done.stdout, done.stdout
    checked = harness(toy, "check", "evals")
    assert checked.returncode == 2 and told in checked.stderr and checked.stderr.count("\n") == 1


def test_a_rule_of_the_project_is_found_explained_and_selected(toy: Toy) -> None:
    own_rule(toy)
    assert json.loads(harness(toy, "check", "evals", "--format", "json").stdout)["findings"][0]["code"] == "ZZ101"
    assert "A biased coin decides nothing." in harness(toy, "check", "evals", "--explain", "ZZ101").stdout
    assert harness(toy, "check", "evals", "--select", "R").returncode == 0
    assert harness(toy, "check", "evals", "--select", "R,ZZ").returncode == 1


def test_facts_know_the_lines_of_the_declaration(tmp_path: Path) -> None:
    Toy(tmp_path)
    from harness.yamlfile import YamlFile

    facts = Facts({"yaml": YamlFile(tmp_path / "evals/coins/experiment.yaml"), "root": tmp_path})
    assert facts.place("axes", "behaviour") == Place(file="evals/coins/experiment.yaml", line=8, path="axes/behaviour")
    assert facts.code_place(tmp_path / "evals/coins/test_coins.py", 3) == Place(file="evals/coins/test_coins.py", line=3)
    assert facts.code_place(Path("/elsewhere/x.py"), 3).file == "/elsewhere/x.py"
