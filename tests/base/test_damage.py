"""Damaged and forged files in the store and the run folder: never a silent wrong answer, never a traceback, never a file elsewhere that changes."""

from __future__ import annotations

import json
import os
import random
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from damage import STRANGE, damage
from harness.appendlog import AppendLog, sealed_line
from harness.damage import describe_damage, forget_damage, noted_damage
from harness.errors import HarnessError
from harness.fingerprint import NotCanonicalError, canonical, fingerprint, from_canonical
from harness.records import Cell, Cost, SamplesRef, decode, encode
from harness.records import PlannedCellRecord as PlannedCell
from harness.run.experiment_run import Entry
from harness.run.folder import RunFolder
from harness.run.progress import read_note
from harness.samples import collect_samples
from harness.store import MANIFEST, Store, intact, write_json
from sample_universe import universe
from toy import Toy, harness
from tries import tries

KEY = "ab" * 32
TRIES = tries(30, 300)
CELL = Cell(id="H1[villain]", owner="H1", kind="hypothesis", nodeid="t.py::t", params={"persona": "villain"}, key=KEY, verdict="supported", reason="it did")
ROWS = [{"item": f"{number:03}", "text": "é\ud800 " * 3, "up": number % 3 == 0} for number in range(12)]
CHUNKS = [ROWS[start : start + 4] for start in range(0, 12, 4)]


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget_damage()


def attempt(use: Callable[[], Any]) -> tuple[Any, str]:
    """(what came of it, the one line that refused it)."""
    try:
        return use(), ""
    except HarnessError as error:
        line = str(error)
    assert line and "\n" not in line
    return None, line


class Kept:
    """One kind of stored file: `path` is the file, `use()` what a run gets of it, made anew where need be; `expected` is what an undamaged one gives."""

    def __init__(self, root: Path) -> None:
        self.store, self.run = Store(root / "store"), RunFolder(root / "run", "token")
        self.made = 0
        self.expected = self.use()

    path: Path

    def use(self) -> Any:
        raise NotImplementedError

    def good(self, result: Any) -> bool:
        return bool(result == self.expected)


class CellValue(Kept):
    """The store's entry of a finished cell."""

    def use(self) -> Any:
        self.path = self.store.file("cells", KEY, ".json")
        return self.store.value("cells", KEY, lambda: {"cell": encode(CELL), "measured": 7.0}, Entry) and self.store.peek("cells", KEY, Entry)


class Plan(Kept):
    """The store's entry of a plan."""

    def use(self) -> Any:
        self.path = self.store.file("plans", KEY, ".json")
        return self.store.value("plans", KEY, lambda: {"cells": {"gate": 2}, "power": 0.25}, dict[str, Any])


class Log(Kept):
    """The log of a measure's samples."""

    def use(self) -> Any:
        log = self.store.log("samples", KEY)
        self.path = log.path
        return collect_samples(log, CHUNKS, list)


class SampleFile(Kept):
    """The store's copy of a samples file."""

    def use(self) -> Any:
        ref = self.run.keep_samples(self.store, "coin", ROWS)
        self.path = self.path_of(ref)
        return self.whole(ref)

    def path_of(self, ref: SamplesRef) -> Path:
        return self.store.file("sample-files", ref.sha256, ".jsonl")

    def whole(self, ref: SamplesRef) -> Any:
        return AppendLog(self.run.path / ref.path).read(), self.store.file("sample-files", ref.sha256, ".jsonl").read_bytes()


class Sample(SampleFile):
    """The run folder's copy of a samples file."""

    def path_of(self, ref: SamplesRef) -> Path:
        return self.run.path / ref.path


class Folder(Kept):
    """A file of an entry that is a folder."""

    name = "weights"

    def use(self) -> Any:
        place = self.store.folder("adapters", KEY, self.make)
        self.path = place / self.name
        return {name: (place / name).read_bytes() for name in ("weights", "deep/template", MANIFEST)}

    def make(self, folder: Path) -> None:
        (folder / "weights").write_bytes(b"\x00\x01" * 40)
        (folder / "deep").mkdir()
        (folder / "deep/template").write_text("{}")


class Manifest(Folder):
    """The manifest of such an entry."""

    name = MANIFEST


def planned_cell(name: str, key: str) -> PlannedCell:
    return PlannedCell(id=name, owner="H1", kind="hypothesis", nodeid="t.py::t", params={}, statement="", polarity="", needs=(), key=key, selected=True)


class Journal(Kept):
    """The journal of a run; what is lost of it is missing from the results, which say so."""

    def use(self) -> Any:
        self.path = self.run.journal.path
        cells = [planned_cell(f"H1[{name}]", name * 64) for name in "abc"]
        if not self.path.exists():
            self.run.journal.append([{"type": "session", "token": "token", "started": 1.0, "command": "pytest", "hardware": {}, "workers": 0}])
            for cell in cells:
                record = msgspec.structs.replace(CELL, id=cell.id, key=cell.key)
                self.run.record(record, {"seconds": 1.0, "worker": "main", "reused": False, "measured": 5.0})
        return self.run.finished(msgspec.structs.replace(universe(Cost(), {}), cells=tuple(cells)))

    def good(self, result: Any) -> bool:
        found, rows, torn = result
        assert found.items() <= self.expected[0].items() and all(row in self.expected[1] for row in rows)
        return torn > 0 or len(found) < 3 or len(rows) < 4 or bool(result == self.expected)


class Planned(Kept):
    """What a run planned."""

    def use(self) -> Any:
        self.path = self.run.universe_path
        if not self.path.exists():
            self.run.begin(universe(Cost(seconds=1), {"H1": Cost(usd=2)}))
        return self.run.universe()


class Post(Kept):
    """A verdict on the board, which another process waits for."""

    def use(self) -> Any:
        self.path = self.run._board(CELL.id)
        if self.run.posted(CELL.id) is None:
            self.run.post(CELL)
        return self.run.posted(CELL.id)


@pytest.mark.chaos
@pytest.mark.parametrize("kind", [*Kept.__subclasses__(), Sample, Manifest], ids=lambda kind: kind.__name__)
def test_random_damage_never_changes_a_result_in_silence(kind: type[Kept], tmp_path: Path) -> None:
    """Whatever bytes are flipped, lost or added: the result is that of an undamaged file, or the damage is reported; there is never a traceback."""
    rng = random.Random(kind.__name__)
    silent = []
    for number in range(TRIES):
        forget_damage()
        kept = kind(tmp_path / str(number))
        assert not noted_damage()
        what = damage(kept.path, rng)
        result, refusal = attempt(kept.use)
        if refusal:
            continue
        assert kept.good(result) or (kind is Journal and noted_damage()), what
        silent += [what] if not noted_damage() else []
        forget_damage()
        if kind is not Journal:
            assert kept.use() == kept.expected and not noted_damage(), "an entry that was made anew is whole"
    # What a kill leaves is no damage: a log that ends early. In a log an empty line says nothing.
    assert set(silent) <= ({"cut", "delete", "insert", "repeat", "strange"} if kind in (Log, Journal) else set())


@pytest.mark.parametrize("data", STRANGE, ids=lambda data: repr(data[:12]))
def test_strange_files_are_damaged_files(data: bytes, tmp_path: Path) -> None:
    """Deep, huge, empty, doubled, of another type or no text: read as damaged wherever they stand."""
    for kind in (CellValue, Plan, Log, SampleFile, Manifest, Journal, Planned, Post):
        kept = kind(tmp_path / kind.__name__)
        kept.path.write_bytes(data)
        result, refusal = attempt(kept.use)
        assert refusal or kept.good(result) or noted_damage()


def test_damaged_entries_are_kept_for_a_person_to_look_at(tmp_path: Path) -> None:
    """What was damaged lies in the store's damaged/ folder, of each kind of entry, and does not stand in the way a second time."""
    for kind in (CellValue, Log, SampleFile, Folder):
        kept = kind(tmp_path)
        for number in (1, 2):
            kept.path.write_bytes(kept.path.read_bytes()[:-9] + b"!" * 8 + b"\n")
            assert kept.use() == kept.expected
            assert len(list((tmp_path / "store/damaged" / kept.path.relative_to(tmp_path / "store").parts[0]).iterdir())) == number
    assert len({damage.path for damage in noted_damage()}) == 4


def test_an_entry_under_another_name_is_not_used(tmp_path: Path) -> None:
    """A whole file copied over another entry is noticed: a value, a log, a folder."""
    store, other = Store(tmp_path), "cd" * 32
    for key in (KEY, other):
        store.value("plans", key, lambda key=key: {"of": key})
        collect_samples(store.log("samples", key), [[{"item": key}]], list)
        store.folder("adapters", key, lambda folder, key=key: (folder / "weights").write_text(key) and None)
    for kind, suffix in (("plans", ".json"), ("samples", ".jsonl"), ("adapters", "")):
        os.rename(store.file(kind, KEY, suffix), tmp_path / "gone")
        os.rename(store.file(kind, other, suffix), store.file(kind, KEY, suffix))
        os.rename(tmp_path / "gone", store.file(kind, other, suffix))
    assert store.value("plans", KEY, lambda: {"of": "made anew"}) == {"of": "made anew"}
    assert collect_samples(store.log("samples", KEY), [[{"item": "thrown anew"}]], list) == [{"item": "thrown anew"}]
    assert not intact(store.place("adapters", KEY))
    assert len(noted_damage()) == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: (place / MANIFEST).write_text("{}"),
        lambda place: (place / MANIFEST).write_text(canonical({"files": {}, "key": KEY})),
        lambda place: (place / MANIFEST).write_text(canonical({"files": {"weights": 3, "deep": None}, "key": KEY})),
        lambda place: (place / MANIFEST).write_text(canonical({"files": {"../../x": "0"}, "key": KEY})),
        lambda place: (place / MANIFEST).write_text(canonical({"\ud800": "0"})),
        lambda place: (place / MANIFEST).write_text('["weights"]'),
        lambda place: (place / MANIFEST).unlink(),
        lambda place: (place / "more").write_text("x"),
        lambda place: (place / "deep/more").write_text("x"),
        lambda place: (place / "deep/template").unlink(),
        lambda place: (place / "weights").rename(place / "deep/weights"),
        lambda place: ((place / "weights").unlink(), (place / "weights").mkdir()),
        lambda place: ((place / "weights").unlink(), os.mkfifo(place / "weights")),
        lambda place: ((place / "weights").rename(place.parent / "w"), (place / "weights").symlink_to(place.parent / "w")),
        lambda place: ((place / "deep").rename(place.parent / "d"), (place / "deep").symlink_to(place.parent / "d")),
        lambda place: (place.rename(place.parent / "p"), place.symlink_to(place.parent / "p")),
        lambda place: (place.rename(place.parent / "p"), place.write_text("a file")),
    ],
)
def test_a_folder_that_is_not_its_manifest_is_made_anew(harm: Callable[[Path], object], tmp_path: Path) -> None:
    """An empty, wrong or missing manifest, a file more or less, links and pipes: noted, and made again."""
    kept = Folder(tmp_path)
    harm(kept.path.parent)
    assert not intact(kept.path.parent)
    assert kept.use() == kept.expected and len(noted_damage()) == 1


def test_a_manifest_of_an_older_version_still_holds(tmp_path: Path) -> None:
    """Names to digests alone, as stores had them before."""
    kept = Folder(tmp_path)
    kept.path.with_name(MANIFEST).write_text(canonical(json.loads(kept.path.with_name(MANIFEST).read_text())["files"]))
    assert intact(kept.path.parent)


def test_an_entry_of_nothing_is_refused(tmp_path: Path) -> None:
    """A maker that writes no file is told so: an empty entry could not be told from a damaged one."""
    with pytest.raises(HarnessError, match="nothing was made"):
        Store(tmp_path).folder("adapters", KEY, lambda folder: None)
    assert not list(tmp_path.rglob(".making*"))


NAMES = ["", "..", "../x", "a/b", "/etc", "a.b", "a\0b", "a\n", "é", "x" * 200, "-rf", " ", ".hidden", "a\\b", "C:"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_the_store(name: str, tmp_path: Path) -> None:
    """Kinds and keys are plain names."""
    for kind, key in ((name, KEY), ("cells", name)):
        with pytest.raises(HarnessError, match="cannot name an entry"):
            Store(tmp_path).place(kind, key)


PATHS = [
    "../../victim.txt",
    "/victim.txt",
    "samples/../../victim.jsonl",
    "samples/../victim.jsonl",
    "samples//x.jsonl",
    "samples/a/b.jsonl",
    "./samples/x.jsonl",
    "samples/.x.jsonl",
    "samples/..jsonl",
    "samples/x",
    "samples/x.jsonl\n",
    "samples/x\n.jsonl",
    "samples/\0.jsonl",
    "samples/x\x1b.jsonl",
    "samples\\x.jsonl",
    "samples/a\\b.jsonl",
    "C:/samples/x.jsonl",
    "samples/C:x.jsonl",
    "Samples/x.jsonl",
    "samples/x.JSONL",
    "samples/CON.jsonl",
    "samples/nul.a.jsonl",
    "samples/Com1.jsonl",
    "samples/é.jsonl",
    "samples/x\u202e.jsonl",
    "samples/" + "x" * 250 + ".jsonl",
    "samples/-x.jsonl",
    "x.jsonl",
    "",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_record_names_a_plain_file_under_samples(path: str, tmp_path: Path) -> None:
    """Any other path is refused where the record is read, and once more where the file is written."""
    good = {"path": "samples/coin-0123.jsonl", "sha256": "0" * 64, "rows": 3}
    decode(good, SamplesRef)
    with pytest.raises(msgspec.ValidationError):
        decode(good | {"path": path}, SamplesRef)
    store, run = Store(tmp_path / "store"), RunFolder(tmp_path / "run", "token")
    ref = run.keep_samples(store, "coin", ROWS)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(HarnessError, match="no samples file"):
        run.copy_samples(store, msgspec.structs.replace(ref, path=path))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("change", [{"sha256": "../" * 20 + "etcx"}, {"sha256": "A" * 64}, {"sha256": "0" * 64 + "\n"}, {"sha256": "0" * 63}, {"rows": -1}])
def test_hash_and_rows_of_a_record_are_checked(change: dict[str, Any]) -> None:
    """A hash is 64 hex digits before it is a part of a path; there are no negative counts."""
    with pytest.raises(msgspec.ValidationError):
        decode({"path": "samples/x.jsonl", "sha256": "0" * 64, "rows": 0} | change, SamplesRef)


def links(root: Path) -> dict[str, tuple[Path, Callable[[], object]]]:
    """Name to (a place in a store or run folder, what reads or writes there)."""
    store, run = Store(root / "store"), RunFolder(root / "run", "token")
    plan = universe(Cost(), {})
    return {
        "value": (store.file("plans", KEY, ".json"), lambda: store.value("plans", KEY, lambda: {"a": 1})),
        "log": (store.file("samples", KEY, ".jsonl"), lambda: collect_samples(store.log("samples", KEY), CHUNKS, list)),
        "lock": (store.file("plans", KEY, ".lock"), lambda: store.value("plans", KEY, lambda: {"a": 1})),
        "kind": (root / "store/plans", lambda: store.put("plans", KEY, {"a": 1})),
        "first digits": (root / "store/plans/ab", lambda: store.put("plans", KEY, {"a": 1})),
        "entry": (store.place("adapters", KEY), lambda: store.folder("adapters", KEY, lambda folder: (folder / "x").write_text("x") and None)),
        "half-written": (store.file("plans", KEY, ".json").with_name(f".{KEY}.json.{os.getpid()}"), lambda: store.put("plans", KEY, {"a": 1})),
        "journal": (run.journal.path, lambda: run.begin(plan)),
        "hidden": (run.hidden, lambda: run.begin(plan)),
        "samples": (run.path / "samples", lambda: run.keep_samples(store, "coin", ROWS)),
        "universe": (run.universe_path, lambda: run.begin(plan)),
        "session": (run.hidden / "session", lambda: (run.current, run.begin(plan))),
        "post": (run._board(CELL.id), lambda: (run.posted(CELL.id), run.post(CELL))),
        "cell lock": (run.hidden / "locks" / fingerprint(CELL.id)[:16], lambda: run.locked(CELL.id).__enter__()),
    }


@pytest.mark.parametrize("name", links(Path()))
@pytest.mark.parametrize("what", ["file", "folder", "loop", "pipe", "directory", "nothing"])
def test_what_is_planted_is_never_followed(name: str, what: str, tmp_path: Path) -> None:
    """Links, pipes and folders where a file is expected: one line, or noted and replaced; nothing outside changes, and no reader waits."""
    victims = tmp_path / "victims"
    victims.mkdir()
    (victims / "victim.txt").write_text("mine")
    place, use = links(tmp_path)[name]
    place.parent.mkdir(parents=True, exist_ok=True)
    if what in ("pipe", "directory"):
        (os.mkfifo if what == "pipe" else os.mkdir)(place)
    else:
        place.symlink_to({"file": victims / "victim.txt", "folder": victims, "loop": place, "nothing": victims / "new.txt"}[what])
    attempt(use)
    assert [path.name for path in victims.iterdir()] == ["victim.txt"] and (victims / "victim.txt").read_text() == "mine"


def test_what_is_written_is_neither_executable_nor_writable_for_everyone(tmp_path: Path) -> None:
    """Even under an umask of 0."""
    before = os.umask(0)
    try:
        for kind in (CellValue, Log, SampleFile, Journal, Planned, Post):
            kind(tmp_path)
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        assert not path.stat().st_mode & stat.S_IWOTH, path
        assert path.is_dir() or not path.stat().st_mode & 0o111, path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_one_line(tmp_path: Path) -> None:
    """An entry of mode 000 is not damaged: it is named, and stays as it is."""
    for kind in (CellValue, Log, SampleFile, Folder, Journal, Planned, Post):
        kept = kind(tmp_path / kind.__name__)
        kept.path.chmod(0)
        with pytest.raises(HarnessError, match="cannot be read: Permission denied"):
            kept.use()
        assert not noted_damage()


def test_only_canonical_text_is_read() -> None:
    """Equal values in another spelling are none of ours."""
    assert from_canonical(b'{"a":1,"b":[null,0.5]}') == {"a": 1, "b": [None, 0.5]}
    for text in ('{"a": 1}', '{"b":1,"a":1}', '{"a":1,"a":1}', "1.50", "1e3", '"é"', "\ufeff1", "1\n", "-0", "Infinity"):
        with pytest.raises(NotCanonicalError, match="altered"):
            from_canonical(text.encode())
    for text in ('{"a":', '{"a":"b', "[1", ""):
        with pytest.raises(NotCanonicalError, match="cut short"):
            from_canonical(text.encode())


def test_damage_is_told_in_one_note() -> None:
    """Each file once, the first three by name."""
    assert describe_damage([]) == []
    assert describe_damage([("a", "altered"), ("a", "altered")]) == ["1 damaged file was not used, and made again where needed: a (altered)"]
    assert describe_damage([(name, "altered") for name in "dcba"]) == [
        "4 damaged files were not used, and made again where needed: a (altered), b (altered), c (altered), …"
    ]


def test_rows_tell_when_the_oldest_was_measured(tmp_path: Path) -> None:
    """The time is that of the first scoring, however often it is read, and 0 where a log of an older version tells none. The rows do not carry it."""
    times: list[float] = []
    log = Store(tmp_path).log("samples", KEY)
    rows = collect_samples(log, CHUNKS[:2], list, dated=times.append)
    os.utime(log.path, (9e9, 9e9))
    assert collect_samples(log, CHUNKS, list, dated=times.append) == [*rows, *CHUNKS[2]] == ROWS
    assert times[0] == times[1] > 1e9
    old = "".join(sealed_line(row | {"chunk": row["chunk"][:3]}) for row in log.read()[0])
    log.path.write_text(old)
    assert collect_samples(log, CHUNKS, list, dated=times.append) == ROWS and times[2] == 0.0
    assert not noted_damage()


def test_progress_notes_of_any_kind_are_survived(tmp_path: Path) -> None:
    """A worker's note that is none shows nothing."""
    for number, data in enumerate(STRANGE):
        (tmp_path / f"{number}.json").write_bytes(data)
        assert read_note(tmp_path / f"{number}.json") is None
    os.mkfifo(tmp_path / "pipe.json")
    assert read_note(tmp_path / "pipe.json") is None
    (tmp_path / "note.json").write_text('{"cell": "a::b", "name": "fair", "done": 1, "total": 4}', encoding="utf-8")
    assert read_note(tmp_path / "note.json") is not None


# through the front door ------------------------------------------------------------------------------------------------------------------------


def store_files(toy: Toy, kind: str, suffix: str) -> list[Path]:
    return sorted((toy.root / ".harness/store" / kind).rglob(f"*{suffix}"))


def test_a_run_reports_the_damage_that_it_met(toy: Toy) -> None:
    """Journal, results and terminal name the damaged entries; the results are those of an undamaged run, and the next run meets nothing."""
    toy.run()
    first = toy.told()
    harmed = [*store_files(toy, "cells", ".json")[:2], *store_files(toy, "plans", ".json"), *store_files(toy, "samples", ".jsonl")]
    for path in harmed:
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 1
        path.write_bytes(bytes(data))
    for path in store_files(toy, "cells", ".json")[2:]:
        path.unlink()
    done = toy.run()
    assert toy.told() == first
    [note] = [note for note in toy.results()["execution"]["notes"] if "damaged" in note]
    assert note.startswith(f"{len(harmed)} damaged files were not used, and made again where needed: cells/") and f"note: {note[:60]}" in done.stdout
    [journal] = (toy.root / "reports/coins/latest/").glob("journal.jsonl")
    rows = [row for row in AppendLog(journal).read()[0] if row["type"] == "damage"]
    names = {path.relative_to(toy.root / ".harness/store").as_posix() for path in harmed}
    assert {row["path"] for row in rows} == names and all(set(row) == {"type", "token", "path", "what"} for row in rows)
    assert {path.name for path in (toy.root / ".harness/store/damaged").glob("*/*")} == {path.name for path in harmed}
    toy.run()
    assert toy.told() == first and toy.results()["execution"]["notes"] == []


def test_a_forged_entry_writes_nowhere_else(toy: Toy) -> None:
    """A cell from a store of somebody else that names a file of the user's: reported, measured again, the file as it was."""
    toy.run()
    first = toy.told()
    victim = toy.write("victim.txt", "mine")
    for path in store_files(toy, "cells", ".json"):
        value = json.loads(path.read_text())["value"]
        for measurement in value["cell"]["measurements"]:
            for ref in measurement["samples"]:
                ref["path"] = "../../../victim.txt"
        write_json(path, {"value": value, "sha256": fingerprint(value)})
    toy.run()
    assert victim.read_text() == "mine" and toy.told() == first
    assert any("damaged" in note and "samples[0].path" in note for note in toy.results()["execution"]["notes"])


@pytest.mark.parametrize("timed", [True, False])
def test_a_copied_store_does_not_hide_that_the_data_came_first(toy: Toy, timed: bool) -> None:
    """Samples, the lock, then a store whose files are all new: the deviation is there, also where the samples tell no time."""
    toy.run()
    time.sleep(1.1)  # a lock tells its time in whole seconds
    harness(toy, "lock", "evals/coins")
    for path in store_files(toy, "samples", ".jsonl"):
        rows = AppendLog(path).read()[0]
        path.unlink()
        AppendLog(path).append(rows if timed else [row | {"chunk": row["chunk"][:3]} for row in rows])
        os.utime(path, (9e9, 9e9))
    for path in store_files(toy, "cells", ".json"):
        path.unlink()
    toy.run()
    [deviation] = toy.results()["promise"]["deviations"]
    assert deviation["what"] == "the preregistration came after data" and ("unknown" in deviation["found"]) is not timed


@pytest.mark.parametrize("name", ["samples", "journal.jsonl", ".run", "figures", ".lock"])
def test_a_run_folder_with_links_is_refused_in_one_line(toy: Toy, name: str) -> None:
    """Writing through a link would change files elsewhere."""
    (toy.root / "mine").mkdir()
    (toy.root / "mine/notes.txt").write_text("mine")
    (toy.root / "run").mkdir()
    (toy.root / "run" / name).symlink_to(toy.root / ("mine" if "." not in name[1:] and name != ".lock" else "mine/notes.txt"))
    done = toy.run("--harness-run-dir", "run")
    text = done.stdout + done.stderr
    assert done.returncode == 4 and "symbolic link" in text and "Traceback" not in text, text
    assert [path.name for path in (toy.root / "mine").iterdir()] == ["notes.txt"] and (toy.root / "mine/notes.txt").read_text() == "mine"
