"""Earlier studies that an experiment builds on, as data: found by their lock or run, compared with this one, looked up for whether they still stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from harness.design.experiment import Experiment
from harness.design.paths import FILE_NAME
from harness.design.preregistration import LOCK_NAME, flatten, sound_lock
from harness.design.spec import ParentSpec
from harness.errors import HarnessError
from harness.files import read_plain
from harness.history import superseded_from
from harness.records import Parent, ScaleName

RESULTS = "results.json"
SHA = re.compile(r"[0-9a-f]{12,64}")
MOST_NAMED = 8
# What a study measures with; which cells there are is its own design.
COMPARED = ("alpha", "seeds", "settings/", "thresholds/", "data/", "prompts/")


def find_parents(experiment: Experiment, root: Path, promised: Mapping[str, Any], scale: ScaleName) -> tuple[Parent, ...]:
    """The parents as they are now; `promised` is this study's promise. Raises HarnessError where a lock or run is not there."""
    return tuple(Finder(experiment, root, promised, scale, place).find(parent) for place, parent in enumerate(experiment.spec.parents))


class Finder:
    """Looks one parent up."""

    def __init__(self, experiment: Experiment, root: Path, promised: Mapping[str, Any], scale: ScaleName, place: int) -> None:
        self.experiment, self.root, self.promised, self.scale = experiment, root, promised, scale
        self.where = f"{experiment.folder / FILE_NAME}: parents, entry {place + 1}"

    def find(self, spec: ParentSpec) -> Parent:
        parent = Parent(statement=spec.statement, lock=spec.lock, run=spec.run, may_differ=spec.may_differ)
        if spec.run:
            parent = self.with_run(parent)
        if spec.lock:
            parent = self.with_lock(parent)
        return parent

    def with_run(self, parent: Parent) -> Parent:
        folder = self.root / parent.run
        try:
            results = msgspec.json.decode(read_plain(folder / RESULTS))
            sha, headline, scale = results["promise"]["sha256"], results["headline"], results["scale"]
            if not (isinstance(sha, str) and isinstance(headline, str)):
                raise TypeError
            theirs = flatten(results["design"]) | {f"data/{entry['path']}": entry["sha256"] for entry in results["inputs"]}
            theirs |= {f"prompts/{name}": digest for name, digest in results.get("prompts", {}).items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            told = f"no results of a run are in {parent.run}/{RESULTS} ({type(error).__name__})"
            raise HarnessError(told, where=self.where, mend="Name the folder of a run that has ended, from the project's root") from None
        scaled = self.undeclared(["scale"], parent) if scale != self.scale else ()
        differs = scaled + self.compare(theirs, scale, parent)
        return msgspec.structs.replace(parent, sha256=sha, headline=headline, differs=differs, superseded=superseded_from(folder, parent.run))

    def with_lock(self, parent: Parent) -> Parent:
        path = self.lock_path(parent.lock)
        lock = sound_lock(path)
        if parent.sha256 and parent.sha256 != lock["sha256"]:
            told = f"the run {parent.run} was made under another lock than {parent.lock}"
            raise HarnessError(told, where=self.where, mend="Name the run and the lock that belong together, or one of them")
        return msgspec.structs.replace(parent, sha256=lock["sha256"], differs=parent.differs or self.compare(lock["promise"], self.scale, parent))

    def lock_path(self, named: str) -> Path:
        if SHA.fullmatch(named):
            locks = sorted(self.experiment.folder.parent.glob(f"*/{LOCK_NAME}"))
            found = [path for path in locks if sound_lock(path)["sha256"].startswith(named)]
            if len(found) == 1:
                return found[0]
            raise HarnessError(f"{len(found)} locks have the sha256 {named}", where=self.where, mend="Name the lock by its path, such as evals/<experiment>")
        path = self.root / named
        path = path / LOCK_NAME if path.is_dir() else path
        if not path.is_file():
            raise HarnessError(f"there is no lock at {named}", where=self.where, mend="Name an experiment's folder that holds a lock (harness lock writes it)")
        return path

    def compare(self, theirs: Mapping[str, Any], scale: ScaleName, parent: Parent) -> tuple[str, ...]:
        """The places that both studies declare, in which they differ, and which `may_differ` does not name; many of one kind as their number."""
        other, own = comparable_places(theirs, scale), comparable_places(self.promised, self.scale)
        return shorten_places(self.undeclared([place for place in sorted(other.keys() & own.keys()) if other[place] != own[place]], parent))

    def undeclared(self, places: Iterable[str], parent: Parent) -> tuple[str, ...]:
        allowed = [name.rstrip("/") for name in parent.may_differ]
        return tuple(place for place in places if not any(place == name or place.startswith(f"{name}/") for name in allowed))


def shorten_places(places: tuple[str, ...]) -> tuple[str, ...]:
    """More than MOST_NAMED places of one kind become `settings (39 places)`."""
    kinds = Counter(place.partition("/")[0] for place in places)
    named = {place if kinds[kind] <= MOST_NAMED else f"{kind} ({kinds[kind]} places)": None for place in places for kind in [place.partition("/")[0]]}
    return tuple(named)


def comparable_places(flat: Mapping[str, Any], scale: ScaleName) -> dict[str, Any]:
    """What can be compared between studies: at the top, then what the scale puts in its place, without the name of the scale in front."""
    prefix = f"scales/{scale}/"
    own = {place.removeprefix(prefix): value for place, value in flat.items() if place.startswith(prefix)}
    places = {**{place: value for place, value in flat.items() if not place.startswith("scales/")}, **own}
    return {place: value for place, value in places.items() if any(place == name or (name.endswith("/") and place.startswith(name)) for name in COMPARED)}
