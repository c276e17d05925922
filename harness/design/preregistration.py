"""The promise: everything that could bend a conclusion, written down flat before the data, so that each later difference has a name."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from harness.code_dependencies import Dependencies
from harness.design.experiment import Experiment
from harness.design.naming import quote_name as named
from harness.design.persona import find_persona
from harness.design.score import FILE_NAME as SCORE
from harness.design.score import find_score
from harness.errors import HarnessError
from harness.fingerprint import canonical, file_fingerprint, fingerprint
from harness.history import FILE_NAME as HISTORY
from harness.package_data import PREFIX, shipped_data, shipped_name, shipped_too
from harness.records import Deviation, Input, Promise, ScaleName
from harness.store import write_json
from harness.strict_json import value_of
from harness.textfile import read_text

LOCK_NAME = "experiment.lock.json"
LOCK_SCHEMA = "harness/lock/1"
LOCKED_AT = "%Y-%m-%dT%H:%M:%SZ"
ABSENT = "(absent)"
OWN_FILES = (LOCK_NAME, SCORE, HISTORY)
# What may change without changing what was promised: words for the reader.
WORDS = ("next_steps",)
# The block of what tests declare of themselves: `tests/G1/needs`. Locks of earlier versions do not have it.
TESTS = "tests/"


def promise_of(
    experiment: Experiment,
    root: Path,
    code: Dependencies,
    claims: Mapping[str, list[str]],
    seeds: tuple[int, ...] | None = None,
    scale: ScaleName | None = None,
    *,
    tests: Mapping[str, dict[str, Any]] = MappingProxyType({}),
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Flat `place: value` pairs: rule, thresholds, cells, settings, seeds and claims as values; prompts, data, test code and the code it shares as sha256.

    `code` is what the tests import, `claims` the docstrings by the id of a test, `tests` what else each declares of itself. `seeds` and `settings`
    are those the run at `scale` really uses, where they differ from the declaration's.
    """
    plain = copy.deepcopy({name: value for name, value in experiment.plain.items() if name not in WORDS})
    if seeds is not None and scale is not None:
        plain["scales"][scale]["seeds"] = list(seeds)
    if settings is not None and scale is not None:
        plain["scales"][scale]["settings"] = dict(settings)
    flat = flatten(plain)
    flat.update({f"prompts/{name}": fingerprint(find_persona(root, name).model_dump(mode="json")) for name in experiment.spec.personas()})
    flat.update({f"data/{found.path}": found.sha256 for found in inputs_of(experiment, root)})
    flat.update({f"claims/{owner}": statements for owner, statements in claims.items()})
    flat.update({f"{TESTS}{owner}/{part}": value for owner, declared in tests.items() for part, value in declared.items()})
    flat.update(code_of(experiment, code))
    flat.update(promised_score(experiment))
    return flat


def promised_score(experiment: Experiment) -> dict[str, Any]:
    """The score as it was when the experiment was locked; what is answered or done later changes nothing of it."""
    score = find_score(experiment.folder)
    if score is None:
        return {}
    return {**{f"score/{name}": value for name, value in score.values.items()}, "score/total": score.total, "score/decision": score.decision}


def code_of(experiment: Experiment, code: Dependencies) -> dict[str, str]:
    """The files that the tests are made of: those in the experiment's folder by their path in it, those that they share with others by their label."""
    own = {label: path.relative_to(experiment.folder) for label, path in code.files.items() if path.is_relative_to(experiment.folder)}
    return {f"test code/{own[label].as_posix()}" if label in own else f"shared code/{label}": digest for label, digest in code.file_hashes.items()}


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level with `/` between the names; lists stay whole."""
    if not isinstance(value, dict):
        return {prefix: value}
    return {place: leaf for name, inner in value.items() for place, leaf in flatten(inner, f"{prefix}/{name}" if prefix else str(name)).items()}


def inputs_of(experiment: Experiment, root: Path) -> list[Input]:
    """The declared input files with sha256 and number of lines. Raises HarnessError where a pattern of `inputs` finds nothing or finds an empty file."""
    found: dict[str, Input] = {}
    for pattern in experiment.spec.inputs:
        shipped = pattern.startswith(PREFIX)
        base, below = (shipped_data(), shipped_name(pattern)) if shipped else (root, pattern)
        try:
            matches = sorted(base.glob(end_in_wildcard(below)))
            paths = [path for path in matches if path.is_file()]
        except (ValueError, NotImplementedError, IndexError, OSError):
            raise HarnessError(
                f"the input {named(pattern)} is no pattern below the project",
                where=str(experiment.folder / "experiment.yaml"),
                mend="Write it from the project's root, such as banks/*.jsonl",
            ) from None
        for path in matches:
            if not path.is_file() and not path.is_dir():
                told = f"matches the input {named(pattern)}, and is a link to nothing, a pipe or a device"
                raise HarnessError(told, where=str(path), mend="Put the file there, or take it away", code="D120")
        if not paths:
            mend = "Correct inputs:" if shipped else f"Put it under {base} or correct inputs:{shipped_too(pattern)}"
            raise HarnessError(f"no input file matches {named(pattern)}", where=str(experiment.folder / "experiment.yaml"), mend=mend, code="D120")
        for path in paths:
            if path.parent == experiment.folder and path.name in OWN_FILES:  # they change with every lock and score
                continue
            name = f"{PREFIX if shipped else ''}{path.relative_to(base).as_posix()}"
            found[name] = Input(path=name, sha256=file_fingerprint(path), lines=path.read_bytes().count(b"\n"))
            if not path.stat().st_size:
                raise HarnessError("the input file is empty", where=str(path), mend="Restore it; nothing can be measured on no items", code="D120")
    return list(found.values())


def end_in_wildcard(pattern: str) -> str:
    """The pattern with a wildcard in its last part, which changes nothing but that a link to nothing is found, too."""
    last = PurePosixPath(pattern).name
    return pattern if not last or set(last) & set("*?[!") or last == ".." else f"{pattern.rstrip('/')[:-1]}[{last[-1]}]"


def write_lock(
    experiment: Experiment,
    root: Path,
    code: Dependencies,
    claims: Mapping[str, list[str]],
    commit: str,
    now: str,
    *,
    tests: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> Path:
    """Writes the lock file beside experiment.yaml and returns its path."""
    path = experiment.folder / LOCK_NAME
    promised = promise_of(experiment, root, code, claims, tests=tests)
    lock = {"schema": LOCK_SCHEMA, "experiment": experiment.spec.id, "locked_at": now, "commit": commit, "sha256": fingerprint(promised), "promise": promised}
    write_json(path, lock, pretty=True)
    return path


def read_lock(experiment: Experiment) -> dict[str, Any] | None:
    """The lock file, or None where there is none. An altered one is refused."""
    path = experiment.folder / LOCK_NAME
    return sound_lock(path) if path.exists() else None


def sound_lock(path: Path) -> dict[str, Any]:
    """A lock file. Raises HarnessError where it was altered."""
    text = read_text(path)
    try:
        lock: dict[str, Any] = value_of(text, path)
        sound = lock["schema"] == LOCK_SCHEMA and fingerprint(lock["promise"]) == lock["sha256"] and isinstance(lock["promise"], dict)
        time.strptime(lock["locked_at"], LOCKED_AT)
    except (HarnessError, ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise HarnessError("the lock file was altered", where=str(path), mend="Restore it from git, or lock again with `harness lock` and say so")
    return lock


def compare_with_lock(experiment: Experiment, found: Mapping[str, Any], root: Path) -> Promise:
    """The promise as it stands beside the one that was locked. `lock_file` is the path from `root`, also of a lock that is not there yet."""
    lock, place_of_lock = read_lock(experiment), Path(os.path.relpath(experiment.folder / LOCK_NAME, root)).as_posix()
    if lock is None:
        return Promise(sha256=fingerprint(dict(found)), locked=False, lock_file=place_of_lock)
    promised = lock["promise"]
    places = [place for place in sorted({*promised, *found}) if is_promised(place, promised) and promised.get(place) != found.get(place)]
    deviations = tuple(Deviation(what=place, promised=format_value(promised, place), found=format_value(found, place)) for place in places)
    return Promise(sha256=fingerprint(dict(found)), locked=True, locked_at=lock["locked_at"], lock_file=place_of_lock, deviations=deviations)


def is_promised(place: str, promised: Mapping[str, Any]) -> bool:
    """False for what tests declare where the lock holds none of it. A value that is null is one that is not declared, so that a key which a later version
    knows is no deviation before it is used."""
    return not place.startswith(TESTS) or any(other.startswith(TESTS) for other in promised)


def format_value(side: Mapping[str, Any], place: str) -> str:
    return canonical(side[place]) if place in side else ABSENT
