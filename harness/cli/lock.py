"""`harness lock`: the preregistration of an experiment, beside its declaration."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from harness.cli.collecting import collect
from harness.cli.command import CLEAN, Answer, add_command
from harness.errors import HarnessError


def add(commands: Any) -> None:
    lock = add_command(commands, "lock", run, "write the preregistration of an experiment beside its experiment.yaml")
    lock.add_argument("path", help="the experiment's folder")
    lock.add_argument("--again", action="store_true", help="replace an earlier preregistration; give the --reason")
    lock.add_argument("--reason", default="", help="why the preregistration is replaced; kept in the experiment's history")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.design.preregistration import LOCK_NAME, sound_lock, write_lock
    from harness.git import commit_of
    from harness.history import record_event, require_history
    from harness.run.redact import plain

    folder = Path(arguments.path).resolve()
    if not (folder / "experiment.yaml").exists():
        raise HarnessError("holds no experiment.yaml", where=str(folder), mend="Name the folder of an experiment, such as evals/persona_prompting")
    if (folder / LOCK_NAME).exists() and not arguments.again:
        raise HarnessError("the experiment is preregistered already", where=str(folder / LOCK_NAME), mend='Keep it; or add --again --reason "why"')

    reason = " ".join(plain(arguments.reason).split())  # no key reaches the history
    if arguments.again and not reason:
        raise HarnessError("--again needs a reason", mend='Say why the preregistration is replaced: --again --reason "the judge was replaced"')

    require_history(folder)

    def write(session: Any) -> Any:
        root = session.settings.root
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        mine = [found for found in session.founds if found.experiment.folder == folder]
        return [str(write_lock(found.experiment, root, found.code, found.claims, commit_of(root)[0] or "", now, tests=found.tests)) for found in mine]

    paths = collect([str(folder)], write)
    lock = sound_lock(folder / LOCK_NAME)
    record_event(folder, "locked", f"sha256 {lock['sha256'][:12]}" + (f"; again: {reason}" if reason else ""), when=lock["locked_at"])
    return CLEAN, {"locks": paths}, [f"wrote {path}" for path in paths]
