"""Writes the pages on the rules of `harness check` from the rules, and the table of recorded mistakes from the tests that plant them: `make docs`.

docs/checks.md lists all rules, docs/checks/<code>.md is a rule's docstring, docs/check_mistakes.md says which rule catches each mistake of
docs/recorded_mistakes.yaml, by the marks `@pytest.mark.mistake("D1", rule="D101", stage="plan")` of the tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from harness.extensions import checks, facts
from harness.findings import FAMILIES, GRAVE, parts_of, stage_of
from harness.protocols import Check
from harness.records import STAGES

ROOT = Path(__file__).parents[1]
DOCS, TESTS = ROOT / "docs", ROOT / "tests"
GENERATED = "Written by `docs/make_check_pages.py` (`make docs`). Do not edit: change the rule or the test and run it again."
INDEX = """\
# Rules of `harness check`

{generated}

What ruff is for code, `harness check` is for designs: rules with stable codes, each from a mistake that was made and recorded. `harness check evals` reads
declarations, data, tests and tokenizers; it runs no cell and loads no weights. A rule runs at the latest stage of the facts that it reads: rules of the stage
*declare* whenever pytest collects an experiment, those of the stage *plan* with `harness check` and before a run at scale full, the others when results are
decided. A run at scale full refuses errors that nothing allows; a smaller one shows them and goes on.

```sh
harness check evals --scale all
harness check evals --select D,S4 --statistics
harness check evals --format github
harness check --explain R510
```

The exit code is 0 where nothing was found, 1 where something was, 2 where an experiment or a command is mistaken. What cannot run is reported as not run,
with what it lacks; nothing is skipped in silence. A finding is allowed in `experiment.yaml`, with a reason of 20 characters or more:

```yaml
allow:
  D118: {{why: "lengths are reported and tested in H7", where: roles/source}}
```

`where` narrows it to a path of the declaration, to the subject of the finding, or to a pattern of its file, and `scales` to some scales. What is allowed is
part of the preregistration and stands under the caveats of the report; a suppression of nothing is a finding itself. To allow {grave}
caps the confidence at LOW.
[extending.md](extending.md) shows how to add a rule, [check_mistakes.md](check_mistakes.md) which mistakes are caught by which.

A report is kept in the store and read again until something changes that it rests on: arguments, environment variables, installed packages, any file that was
read.
"""
PAGE = """\
# {code}: {name}

{generated}

| severity | stage | reads | since |
|---|---|---|---|
| {severity} | {stage} | {reads} | {since} |

{text}

## The mistake behind it

{source}.{recorded}

## How to allow it

Repair the design where you can. Where the finding is meant, say why:

```yaml
allow:
  {code}: {{why: "the reason, in 20 characters or more"}}
```
{grave}"""
MISTAKES = """\
# Recorded mistakes

{generated}

Each of these {all} mistakes was made by researchers and recorded, in three projects. {inside} of them lie inside what is built here; {caught} of those have a
test that plants them, {early} at the earliest stage at which they can be told. Where no rule is named, the mistake cannot be made here, and the test shows
that.

{table}
"""


class PlantedTest(NamedTuple):
    """A test that plants a recorded mistake: the rule that reports it ("" for a mark of "-", where the mistake cannot be made), the stage, the test's file."""

    id: str
    rule: str
    stage: str
    file: str


def pages() -> dict[Path, str]:
    """Every page with its text."""
    rules = {DOCS / "checks" / f"{code}.md": page(check) for code, check in checks().items()}
    return {DOCS / "checks.md": index(), DOCS / "check_mistakes.md": mistakes(), **rules}


def index() -> str:
    head = INDEX.format(generated=GENERATED, grave=" or ".join([", ".join(sorted(GRAVE)[:-1]), sorted(GRAVE)[-1]]))
    families = [(name, [check for code, check in checks().items() if code.startswith(letter)]) for letter, name in FAMILIES.items()]
    parts = [f"## {letter_of(found)} {name}\n\n{table(('code', 'rule', 'severity', 'stage', 'reads'), map(row, found))}" for name, found in families if found]
    return "\n\n".join([head.rstrip(), *parts]) + "\n"


def letter_of(found: Sequence[Check]) -> str:
    return found[0].code[0]


def row(check: Check) -> Sequence[str]:
    return f"[{check.code}](checks/{check.code}.md)", check.name, check.severity, stages(check), reads(check)


def stages(check: Check) -> str:
    return ", ".join(dict.fromkeys(stage_of(part, facts()) for part in parts_of(check)))


def reads(check: Check) -> str:
    return ", ".join(dict.fromkeys(f"`{name}`" for part in parts_of(check) for name in part.needs))


def page(check: Check) -> str:
    text = check.text.replace("\nBad: ", "\n**Bad:** ").replace("\nGood: ", "\n**Good:** ")
    grave = "\nThe mistake reverses conclusions, so the confidence is LOW then, whatever was found.\n" if check.code in GRAVE else ""
    ids = sorted({planted.id for planted in planted_tests() if planted.rule == check.code}, key=order)
    recorded = f" Recorded as {', '.join(ids)} ([recorded mistakes](../check_mistakes.md))." if ids else ""
    values = {part: getattr(check, part) for part in ("code", "name", "severity", "since")} | {"source": check.source.rstrip(".")}
    return PAGE.format(generated=GENERATED, stage=stages(check), reads=reads(check), text=text, recorded=recorded, grave=grave, **values)


def mistakes() -> str:
    recorded, planted = recorded_mistakes(), planted_tests()
    inside = [name for name, entry in recorded.items() if "outside" not in entry]
    caught = {test.id for test in planted} & set(inside)
    early = {test.id for test in planted if STAGES.index(test.stage) <= STAGES.index(recorded[test.id]["earliest"])} & caught
    rows = [mistake_row(name, entry, [test for test in planted if test.id == name]) for name, entry in recorded.items()]
    body = table(("id", "mistake", "earliest stage", "caught at", "rule", "tests"), rows)
    return MISTAKES.format(generated=GENERATED, all=len(recorded), inside=len(inside), caught=len(caught), early=len(early), table=body)


def mistake_row(name: str, entry: dict[str, str], tests: Sequence[PlantedTest]) -> Sequence[str]:
    stages = sorted({test.stage for test in tests}, key=STAGES.index)
    rules = [f"[{rule}](checks/{rule}.md)" if rule in checks() else rule for rule in sorted({test.rule for test in tests} - {""})]
    absent = f"outside: {entry['outside']}" if "outside" in entry else "not yet"
    files = ", ".join(f"`{file}`" for file in sorted({test.file for test in tests})) or absent
    return name, entry["mistake"], entry["earliest"], ", ".join(stages), ", ".join(rules), files


@cache
def recorded_mistakes() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((DOCS / "recorded_mistakes.yaml").read_text(encoding="utf-8"))
    return found


@cache
def planted_tests() -> list[PlantedTest]:
    """What the tests say by their marks. Raises ValueError for a mark that is not literal, or names no recorded mistake."""
    found = [test for path in sorted(TESTS.rglob("test_*.py")) for test in marks_in(path)]
    if unknown := [test for test in found if test.id not in recorded_mistakes() or test.stage not in STAGES]:
        raise ValueError(f"no such mistake or stage: {unknown[0]}")
    return found


def marks_in(path: Path) -> Iterator[PlantedTest]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.mistake":
            words = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
            name = ast.literal_eval(node.args[0])
            yield PlantedTest(name, words["rule"].strip("-"), words["stage"], path.relative_to(ROOT).as_posix())


def order(name: str) -> tuple[str, int]:
    return name[0], int(name[1:])


def table(heads: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)


def write() -> None:
    """Writes every page, and removes those of rules that are gone."""
    (DOCS / "checks").mkdir(exist_ok=True)
    for path in (DOCS / "checks").glob("*.md"):
        path.unlink()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
