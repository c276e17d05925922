"""What `harness check` prints in each format, its exit codes, and what one broken experiment does to the report on the others."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from fork_server import run_python
from harness.check.formats import to_github, to_junit, to_sarif, to_text
from harness.check.report import Entry, Report, RuleSummary
from harness.records import Finding, NotRun, Place
from planted import environment
from toy import Toy, harness

# A finding for each line that says so: `kind: text` under `matched` of the declaration.
CONFTEST = '''


def pytest_harness_checks():
    from harness.findings import found, rule

    def rule_for(code, severity):
        @rule(code, f"the {severity} of {code}", needs=("spec", "yaml", "scale"), severity=severity, source="it was overlooked")
        def find(facts):
            """It matters.

            Bad: one.

            Good: none.
            """
            for index, text in enumerate(facts.spec.matched):
                if text.startswith(code):
                    yield found(text.partition(" ")[2], where=facts.place("matched", index), fix="Take it out", subject=facts.spec.id)

        return find

    return [rule_for("ZZ101", "error"), rule_for("ZZ202", "warning")]
'''
# Without it, H1 of the coins has no positive control, and a rule says so.
CONTROL = '''

@control("C2", "positive")
def test_a_loaded_coin_differs(coin, measure, criterion):
    """A loaded coin differs."""
    assert criterion("heads").holds(measure.shift("shift", coin.throw("loaded", 0.9), coin.throw("fair", 0.5)))
'''
SARIF_RESULT = {
    "type": "object",
    "required": ["ruleId", "level", "message", "locations"],
    "properties": {
        "ruleId": {"type": "string"},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["physicalLocation"],
                "properties": {
                    "physicalLocation": {
                        "type": "object",
                        "required": ["artifactLocation"],
                        "properties": {
                            "artifactLocation": {"type": "object", "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}}},
                            "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
                        },
                    }
                },
            },
        },
        "suppressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"enum": ["inSource", "external"]}, "justification": {"type": "string", "minLength": 1}},
            },
        },
    },
    "additionalProperties": False,
}
# What SARIF 2.1.0 asks for of what is written here.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True, "items": {"type": "object", "required": ["id"]}}},
                            }
                        },
                    },
                    "columnKind": {"const": "unicodeCodePoints"},
                    "invocations": {"type": "array", "items": {"type": "object", "required": ["executionSuccessful"]}},
                    "results": {"type": "array", "items": SARIF_RESULT},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


@pytest.fixture
def project(toy: Toy) -> Toy:
    """Two experiments, `coins` and `dice`, that a rule of the project finds faults in as `matched` says."""
    toy.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\n")
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + CONFTEST)
    toy.write("evals/coins/test_coins.py", (toy.root / "evals/coins/test_coins.py").read_text() + CONTROL)
    copy_to(toy, "dice")
    return toy


def copy_to(toy: Toy, name: str, *, around: str = "evals") -> None:
    shutil.copytree(toy.root / "evals/coins", toy.root / around / name)
    toy.edit(f"{around}/{name}/experiment.yaml", "id: coins", f'id: "{name}"')


def plant(toy: Toy, *lines: str, name: str = "coins") -> None:
    toy.edit(f"evals/{name}/experiment.yaml", "primary: H1", f"matched: {json.dumps(lines, ensure_ascii=False)}\nprimary: H1")


def check(toy: Toy, *words: str) -> Any:
    done = harness(toy, "check", "evals", *words, "--format", "json")
    return json.loads(done.stdout)


def codes(toy: Toy, *words: str) -> list[str]:
    return [finding["code"] for finding in check(toy, *words)["findings"]]


def made(*findings: Finding, not_run: Sequence[NotRun] = (), refused: dict[str, str] | None = None) -> Report:
    entries = tuple(Entry(finding=finding, experiment="x", scales=("smoke",)) for finding in findings)
    rules = {"ZZ101": RuleSummary(name="a rule", severity="error", text="Why.\n\nBad: one.", source="somebody")}
    return Report(entries=entries, not_run=tuple(not_run), slow={"ZZ101": 2.5}, refused=refused or {}, experiments=1, rules=rules)


def finding(message: str = "12 negative rows carry the prompt", file: str = "evals/x/experiment.yaml", line: int = 17, suppressed: str = "") -> Finding:
    return Finding(code="ZZ101", message=message, where=Place(file=file, line=line), fix="Leave them out", subject="r", suppressed=suppressed)


# Text


def test_text_has_a_line_for_each_finding_and_a_sum() -> None:
    report = made(finding(), finding(suppressed="it was argued for in a paper"), not_run=[NotRun(code="D104", why="the tokenizer of m is not here")])
    assert to_text(report, statistics=True) == [
        "evals/x/experiment.yaml:17 ZZ101 [error] 12 negative rows carry the prompt. Leave them out. (see harness check --explain ZZ101) [smoke]",
        "allowed: evals/x/experiment.yaml:17 ZZ101 12 negative rows carry the prompt: it was argued for in a paper",
        "D104 not run: the tokenizer of m is not here",
        "ZZ101 is slow: it took 2.5 s",
        "    1 ZZ101 a rule",
        "1 finding, 1 allowed in 1 experiment",
    ]


def test_a_terminal_of_80_columns_shows_whole_words() -> None:
    report = made(finding("12 of 400 negative rows carry the target's own system prompt, and so the effect is partly of that prompt, and of nothing else"))
    lines = to_text(report, width=80)
    assert all(len(line) <= 80 for line in lines) and len(lines) == 5
    assert [line.startswith("    ") for line in lines] == [False, True, True, False, False]
    assert " ".join(line.strip() for line in lines) == " ".join(to_text(report))


def test_text_is_not_wrapped_where_it_is_no_terminal(project: Toy) -> None:
    plant(project, "ZZ101 " + "a rather long message " * 20)
    done = harness(project, "check", "evals")
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 2


def test_what_a_finding_quotes_reaches_no_terminal(project: Toy) -> None:
    report = made(finding("the prompt is \x1b[31m\nred\u202e"))
    assert "\x1b" not in "".join(to_text(report, width=80))


# JSON


def test_json_is_as_documented(project: Toy) -> None:
    plant(project, "ZZ101 the coin is bent", "ZZ202 the table is not level")
    project.edit("evals/coins/experiment.yaml", "primary: H1", 'allow: {ZZ202: {why: "no table is level, the coin is fair"}}\nprimary: H1')
    report = check(project)
    bent, level = report["findings"]
    assert report["not_run"] == [] and report["refused"] == {}
    assert {name: bent[name] for name in ("code", "severity", "stage", "message", "fix", "where", "subject", "suppressed")} == {
        "code": "ZZ101",
        "severity": "error",
        "stage": "declare",
        "message": "the coin is bent",
        "fix": "Take it out",
        "where": {"file": "evals/coins/experiment.yaml", "line": 19},
        "subject": "coins",
        "suppressed": None,
    }
    assert level["severity"] == "warning" and level["suppressed"] == "no table is level, the coin is fair"


def test_a_finding_at_several_scales_stands_once_with_its_scales(project: Toy) -> None:
    plant(project, "ZZ101 the coin is bent")
    (found,) = check(project, "--scale", "all", "--select", "ZZ")["findings"]
    assert found["scales"] == ["smoke", "full"]


# SARIF, GitHub, JUnit


def test_sarif_is_valid_with_all_rules_and_justifications(project: Toy) -> None:
    plant(project, "ZZ101 the coin is bent", "ZZ202 the table is not level")
    project.edit("evals/coins/experiment.yaml", "primary: H1", 'allow: {ZZ202: {why: "no table is level, the coin is fair"}}\nprimary: H1')
    done = harness(project, "check", "evals", "--format", "sarif")
    sarif = json.loads(done.stdout)
    jsonschema.validate(sarif, SARIF)
    (run,) = sarif["runs"]
    assert {"ZZ101", "ZZ202", "R510"} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    bent, level = run["results"]
    assert (bent["ruleId"], bent["level"], "suppressions" in bent) == ("ZZ101", "error", False)
    assert level["suppressions"] == [{"kind": "inSource", "justification": "no table is level, the coin is fair"}]
    assert bent["locations"][0]["physicalLocation"]["region"] == {"startLine": 19} and done.returncode == 1


def test_sarif_says_which_rules_did_not_run_and_where_a_whole_file_is_meant() -> None:
    lines = to_sarif(made(finding(line=0, file="evals/mit leer/ü.yaml"), not_run=[NotRun(code="D104", why="no tokenizer")], refused={"evals/y": "broken"}))
    sarif = json.loads("\n".join(lines))
    jsonschema.validate(sarif, SARIF)
    (invocation,) = sarif["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False and invocation["toolExecutionNotifications"][0]["message"]["text"] == "not run: no tokenizer"
    assert sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "evals/mit%20leer/%C3%BC.yaml"}}


def test_github_annotations_are_escaped() -> None:
    assert to_github(made(finding("50 %\nof 2", file="evals/a, b:c/experiment.yaml"))) == [
        "::error file=evals/a%2C b%3Ac/experiment.yaml,line=17,title=ZZ101::50 %25%0Aof 2. Leave them out."
    ]
    assert to_github(made(finding(suppressed="it was argued for in a paper"))) == []


def test_junit_has_a_failure_for_each_rule_and_skips_what_did_not_run() -> None:
    report = made(finding(), finding("a bell \x07 and <angles>\nin two lines"), not_run=[NotRun(code="D104", why="no tokenizer")])
    suite = ElementTree.fromstring("\n".join(to_junit(report)).encode())
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {"tests": "2", "failures": "1", "skipped": "1"}
    failed, skipped = suite
    assert failed.get("name") == "ZZ101 a rule" and (failed[0].text or "").count("\n") == 1 and skipped.get("name") == "D104"


@pytest.mark.parametrize("form", ["json", "sarif", "junit"])
def test_every_format_is_well_formed_with_names_of_any_kind(project: Toy, form: str) -> None:
    copy_to(project, "w", around="evals/zwei würfel")
    project.edit("evals/zwei würfel/w/experiment.yaml", "primary: H1", 'matched: ["ZZ101 schräg, „gezinkt“ <und> \\u2028 zwei"]\nprimary: H1')
    out = harness(project, "check", "evals", "--format", form).stdout
    if form == "junit":
        assert "evals/zwei würfel/w/experiment.yaml:19 ZZ101 [error] schräg, „gezinkt“ <und> \\u2028" in str(ElementTree.fromstring(out)[0][0].get("message"))
    elif form == "json":
        assert json.loads(out)["findings"][0]["where"]["file"] == "evals/zwei würfel/w/experiment.yaml"
    else:
        jsonschema.validate(json.loads(out), SARIF)
        assert "evals/zwei%20w%C3%BCrfel/w/experiment.yaml" in out


# Commands


def test_exit_codes(project: Toy) -> None:
    assert harness(project, "check", "evals").returncode == 0
    plant(project, "ZZ202 the table is not level")
    assert harness(project, "check", "evals").returncode == 1
    assert harness(project, "check", "evals/dice").returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evals", "--select", "Q"), "--select: no rule begins with 'Q'"),
        (("evals", "--select", "ZZ1,D99999"), "--select: no rule begins with 'D99999'"),
        (("evals", "--explain", "ZZ999"), "--explain: there is no rule 'ZZ999'"),
        (("evals", "--explain", "nonsense"), "--explain: there is no rule 'nonsense'"),
        (("nowhere",), "nowhere: is no folder"),
        (("evals", "nowhere"), "nowhere: is no folder"),
        (("personas",), "personas: holds no experiment"),
        (("evals", "--scale", "pilot"), "declares no scale 'pilot'"),
        (("evals", "--scale", "huge"), "declares no scale 'huge'. Use --scale with one of: "),
    ],
)
def test_a_mistaken_command_is_told_in_one_line(project: Toy, words: tuple[str, ...], told: str) -> None:
    done = harness(project, "check", *words)
    assert done.returncode == 2 and done.stdout == "" and told in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr, done.stderr


def test_select_takes_codes_and_what_they_begin_with(project: Toy) -> None:
    plant(project, "ZZ101 the coin is bent", "ZZ202 the table is not level")
    assert codes(project) == codes(project, "--select", "ZZ") == codes(project, "--select", "ZZ1, ZZ202") == ["ZZ101", "ZZ202"]
    assert codes(project, "--select", "ZZ2") == ["ZZ202"] and codes(project, "--select", "R5") == []


def test_statistics_count_by_rule(project: Toy) -> None:
    plant(project, "ZZ101 the coin is bent", "ZZ101 so is the other", "ZZ202 the table is not level")
    plant(project, "ZZ101 the die is loaded", name="dice")
    lines = harness(project, "check", "evals", "--statistics").stdout.splitlines()
    assert lines[-3:] == ["    3 ZZ101 the error of ZZ101", "    1 ZZ202 the warning of ZZ202", "4 findings in 2 experiments"]


def test_explain_prints_the_page_of_a_rule(project: Toy) -> None:
    done = harness(project, "check", "--explain", "R510")
    assert (
        done.returncode == 0 and done.stdout.startswith("R510 suppression [warning]\n") and "Bad:" in done.stdout and "The mistake behind it: " in done.stdout
    )


# Several experiments


def test_a_refusal_without_a_code_hides_no_finding_and_is_a_mistake_of_usage(project: Toy) -> None:
    """The findings of the others are printed, and the exit code is 2."""
    plant(project, "ZZ101 the die is loaded", name="dice")
    project.edit("evals/coins/experiment.yaml", "primary:", "primry:")
    done = harness(project, "check", "evals")
    assert done.returncode == 2 and "the die is loaded" in done.stdout and "1 finding in 1 experiment" in done.stdout
    assert done.stderr.count("\n") == 1 and "evals/coins/experiment.yaml:" in done.stderr and "primry" in done.stderr
    report = check(project)
    assert len(report["findings"]) == 1 and "primry" in report["refused"]["evals/coins"]


def test_an_experiment_that_cannot_be_collected_hides_no_finding(project: Toy) -> None:
    plant(project, "ZZ101 the die is loaded", name="dice")
    project.edit("evals/coins/test_coins.py", "def test_coins_differ", "def test_coins_differ(((")
    done = harness(project, "check", "evals")
    assert done.returncode == 2 and "the die is loaded" in done.stdout and done.stderr.count("\n") == 1, done.stderr


def test_a_refusal_with_a_code_is_a_finding(project: Toy) -> None:
    """What a rule refuses while the declaration is read is reported under its code, beside the findings of the others."""
    plant(project, "ZZ101 the die is loaded", name="dice")
    refusing = "\n\ndef pytest_generate_tests(metafunc):\n    from harness import HarnessError\n\n    if 'coins/' in str(metafunc.definition.path):\n"
    refusing += "        raise HarnessError('two roles', where='evals/coins/experiment.yaml:3', mend='Give it one', code='D103')\n"
    project.write("conftest.py", (project.root / "conftest.py").read_text() + refusing)
    done = harness(project, "check", "evals")
    first, second, last = done.stdout.splitlines()
    assert done.returncode == 1 and done.stderr == ""
    assert first == "evals/coins/experiment.yaml:3 D103 [error] two roles. Give it one. (see harness check --explain D103) [smoke]"
    assert "the die is loaded" in second and last == "2 findings in 2 experiments"


def test_two_experiments_of_one_name_are_checked_apart(project: Toy) -> None:
    copy_to(project, "coins", around="evals/more")
    project.edit("evals/more/coins/experiment.yaml", "primary: H1", "matched: [ZZ101 the other coin is bent]\nprimary: H1")
    (found,) = check(project)["findings"]
    assert found["where"]["file"] == "evals/more/coins/experiment.yaml"


def test_files_of_one_name_that_pytest_cannot_tell_apart_are_explained(project: Toy) -> None:
    project.write("pytest.ini", "[pytest]\n")
    done = harness(project, "check", "evals")
    assert done.returncode == 2 and "import-mode=importlib" in done.stderr, done.stderr


@pytest.mark.parametrize("around", ["a b/ç", "evals"])
def test_paths_are_told_from_the_root_of_the_project(project: Toy, around: str) -> None:
    """From whichever folder the command is given, and with spaces and other letters in a path."""
    copy_to(project, "lotto", around=around)
    project.edit(f"{around}/lotto/experiment.yaml", "primary: H1", "matched: [ZZ101 loaded]\nprimary: H1")
    command = [sys.executable, "-m", "harness.cli", "check", f"../{around}/lotto", "--format", "json"]
    (found,) = json.loads(run_python(command, cwd=project.root / "personas", env=environment()).stdout)["findings"]
    assert found["where"]["file"] == f"{around}/lotto/experiment.yaml"
