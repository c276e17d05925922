"""`harness plan | lock | report | compare | verify`, each with `--json`. Exit codes: 0 clean, 1 findings, 2 usage."""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.plaintext import visible

CLEAN, FINDINGS, USAGE = 0, 1, 2
# This command imported the package before pytest could rewrite its asserts; a project that turns warnings into errors need not mind.
REWRITE = "ignore::pytest.PytestAssertRewriteWarning"
Answer = tuple[int, Any, list[str]]
VERIFY = (
    "Exit code 0: equal; 1: it differs, one line for each difference; 2: results.json or the journal cannot be read. "
    "Seals and hashes catch accidents and careless edits, not authors: whoever can write the folder can rewrite journal, samples and results together. "
    "What protects against that is the time of the lock in the git history, the sha256 in a published card or report, and running the experiment again."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; prints lines, or JSON with --json. A mistake is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is shown its escape
    arguments = parser().parse_args(argv)
    try:
        code, value, lines = arguments.run(arguments)
    except HarnessError as error:
        if arguments.json:
            print(json.dumps({"error": str(error), "what": error.what, "where": error.where, "mend": error.mend}))
        else:
            print(f"harness: {error}", file=sys.stderr)
        return USAGE
    # Escaped to ASCII, or visible: no text of a run reaches the terminal as a command.
    print(json.dumps(value, indent=1) if arguments.json else "\n".join(visible(line, keep="") for line in lines))
    return int(code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="harness", description="Alignment experiments as pytest tests.")
    commands = top.add_subparsers(required=True, metavar="command")
    plan = command(commands, "plan", run_plan, "cells, cost, power and the smallest p of an experiment; runs nothing")
    plan.add_argument("paths", nargs="*", default=["evals"], help="experiments (default: evals)")
    plan.add_argument("-k", default="", help="select cells as pytest does")
    plan.add_argument("--scale", default=None, choices=("smoke", "pilot", "full"))
    lock = command(commands, "lock", run_lock, "write the promise of an experiment beside its experiment.yaml")
    lock.add_argument("path", help="the experiment's folder")
    lock.add_argument("--again", action="store_true", help="replace a promise that was made before")
    report = command(commands, "report", run_report, "make the report of a run again; also for a run that was killed")
    report.add_argument("folder", type=Path, help="a run folder, such as reports/<experiment>/latest")
    compare = command(commands, "compare", run_compare, "what differs between two runs: inputs, verdicts, numbers")
    compare.add_argument("a", type=Path)
    compare.add_argument("b", type=Path)
    verify = command(commands, "verify", run_verify, "recompute results.json from the samples and the journal of a run", VERIFY)
    verify.add_argument("folder", type=Path, help="a run folder, such as reports/<experiment>/latest")
    return top


def command(commands: Any, name: str, run: Callable[[argparse.Namespace], Answer], help: str, more: str = "") -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=f"{help}. {more}" if more else help)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)
    return made


def run_plan(arguments: argparse.Namespace) -> Answer:
    from harness.run.planning import lines_of, plans

    words = [*arguments.paths, *(["-k", arguments.k] if arguments.k else []), *(["--harness-scale", arguments.scale] if arguments.scale else [])]
    found = collected(words, plans)
    lines = [line for plan in found for line in lines_of(plan)]
    told = [finding for plan in found for finding in plan["findings"]]
    return (FINDINGS if told else CLEAN), found, lines


def run_lock(arguments: argparse.Namespace) -> Answer:
    from harness.design.promise import LOCK_NAME, write_lock
    from harness.run.environment import commit_of

    folder = Path(arguments.path).resolve()
    if not (folder / "experiment.yaml").exists():
        raise HarnessError("holds no experiment.yaml", where=str(folder), mend="Name the folder of an experiment, such as evals/persona_prompting")
    if (folder / LOCK_NAME).exists() and not arguments.again:
        raise HarnessError("a promise was made already", where=str(folder / LOCK_NAME), mend="Keep it; or add --again, and say why in the report")

    def write(session: Any) -> Any:
        root = session.settings.root
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mine = [found for found in session.founds if found.experiment.folder == folder]
        return [str(write_lock(found.experiment, root, found.code, found.claims, commit_of(root)[0] or "", now)) for found in mine]

    paths = collected([str(folder)], write)
    return CLEAN, {"locks": paths}, [f"wrote {path}" for path in paths]


def run_report(arguments: argparse.Namespace) -> Answer:
    from harness.records import encode
    from harness.run.telling import told_again

    told = told_again(arguments.folder)
    if told.problem:
        raise HarnessError(told.problem)
    complete = bool(told.results and told.results.complete)
    value = {"folder": str(told.folder), "verdict": told.results.verdict if told.results else None, "complete": complete, "notes": list(told.notes)}
    if told.difference is not None:
        first = "; ".join((told.difference.line(), *told.notes))
        line = f"results.json differs from its journal, no report was written: {first}. Run harness verify {arguments.folder}"
        return FINDINGS, {**value, "difference": encode(told.difference)}, [line]
    lines = [f"report: {told.folder}/index.html", *told.notes, *([] if complete else ["the run is incomplete"])]
    return (CLEAN if complete else FINDINGS), value, lines


def run_compare(arguments: argparse.Namespace) -> Answer:
    from msgspec.structs import replace

    from harness.records import encode
    from harness.report.compare import compare
    from harness.run.verification import why_unverified

    found = compare(arguments.a, arguments.b)
    doubts = [f"{folder}: {why}" for folder in dict.fromkeys((arguments.a, arguments.b)) if (why := why_unverified(folder))]
    found = replace(found, warnings=(*doubts, *found.warnings))
    lines = found.lines()
    return (CLEAN if found.empty else FINDINGS), encode(found), lines or ["no differences"]


def run_verify(arguments: argparse.Namespace) -> Answer:
    from harness.records import encode
    from harness.run.verification import verify

    found = verify(arguments.folder)
    return (FINDINGS if found.differences else CLEAN), encode(found), found.lines()


def collected(words: list[str], use: Callable[[Any], Any]) -> Any:
    """Collects with pytest, quietly, and hands the session to `use`. Raises HarnessError with what pytest could not collect."""
    import contextlib
    import io

    import pytest

    class Catch:
        """Keeps what a collection found."""

        problems: list[str] = []  # noqa: RUF012
        value: Any = None

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                self.problems.append(last_line(str(report.longrepr)))

        def pytest_collection_finish(self, session: pytest.Session) -> None:
            hooks: Any = session.config.pluginmanager.get_plugin("harness-session")
            if hooks is not None and not self.problems:
                try:
                    self.value = use(hooks.session)
                except HarnessError as error:
                    self.problems.append(str(error))

    catch, out = Catch(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = pytest.main(["--collect-only", "-q", "--capture=no", "-p", "no:cacheprovider", "-W", REWRITE, *words], plugins=[catch])
    if catch.problems:
        raise HarnessError(catch.problems[0].removeprefix("ERROR: "))
    if not catch.value:
        last = [line for line in out.getvalue().splitlines() if line.strip()][-1:] or ["nothing was collected"]
        raise HarnessError(last[0].removeprefix("ERROR: "), mend="Name a folder with an experiment" if code != 4 else "")
    return catch.value


def last_line(text: str) -> str:
    """The line of pytest's that says what went wrong: the last it marks with E, or the last of all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [text]
    return next((line[1:].strip() for line in reversed(lines) if line.startswith("E  ")), lines[-1])


if __name__ == "__main__":
    sys.exit(main())
