"""What the sessions of a distributed run share: entries of the store, leases, answers, and one purse."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.models.budget import Ledger
from harness.models.provider import Answer
from harness.models.request_pool import CallBudget
from harness.models.response_cache import Replies, row
from harness.object_store import ObjectStore
from harness.remote import controller as controller_module
from harness.remote.controller import Controller
from harness.remote.judging import ServedJudging
from harness.remote.served_books import LEDGER, Opened, RemoteLedger, RemoteReplies, ServedBooks
from harness.remote.served_store import ControllerDepot, ServedStore
from harness.remote.session import Lease
from harness.remote.wire import Connection, Disconnected, Server
from harness.samples import collect_samples
from harness.shared_store import Depot, SharedStore
from harness.store import Store

KEY = "ab" * 32


class Room:
    """A controller without cells, and sessions that joined it from this process."""

    def __init__(self, root: Path) -> None:
        self.root, self.key = root, secrets.token_bytes(32)
        self.store = Store(root / "controller")
        self.books = ServedBooks(root / "controller" / "replies.sqlite")
        self.controller = Controller((), (), {"store": ServedStore(self.store), "books": self.books}, ServedJudging(self.books.path))
        self.server = Server("127.0.0.1", self.key, self.controller.handle, lambda name: self.controller.lose(name))

    def join(self, name: str) -> Connection:
        connection = Connection(self.server.address, self.key, name)
        connection.call("join", {}, {})
        return connection

    def shared(self, name: str) -> SharedStore:
        connection = self.join(name)
        return SharedStore(self.root / name, ControllerDepot(connection), partial(Lease, connection))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.server.close()
    made.books.close()


def in_memory(folder: Path) -> Depot:
    return ObjectStore(f"memory://{folder.name}-{secrets.token_hex(4)}")


def in_folder(folder: Path) -> Depot:
    return ObjectStore(f"file://{folder}/objects")


@pytest.fixture(params=["controller", "memory", "folder"])
def two(request: pytest.FixtureRequest, room: Room, tmp_path: Path) -> tuple[SharedStore, SharedStore]:
    """Two machines' stores with one depot."""
    if request.param == "controller":
        return room.shared("one"), room.shared("two")
    depot = {"memory": in_memory, "folder": in_folder}[request.param](tmp_path)
    return SharedStore(tmp_path / "one", depot), SharedStore(tmp_path / "two", depot)


def fill(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "weights").write_bytes(text.encode() * 3_000_000)
        (folder / "empty").write_bytes(b"")

    return make


def refuse(*_: Any) -> Any:
    raise AssertionError("made twice")


def test_what_one_machine_makes_another_finds(two: tuple[SharedStore, SharedStore]) -> None:
    one, other = two
    assert one.value("calibrations", KEY, lambda: {"kappa": 0.9}) == other.value("calibrations", KEY, refuse) == {"kappa": 0.9}
    made, found = one.folder("adapters", KEY, fill("abc")), other.folder("adapters", KEY, refuse)
    assert made != found and (found / "deep" / "weights").read_bytes() == b"abc" * 3_000_000 and (found / "empty").read_bytes() == b""
    one.put_text("sample-files", KEY, ".jsonl", "rows\n")
    other.fetch(other.file("sample-files", KEY, ".jsonl"))
    assert other.file("sample-files", KEY, ".jsonl").read_text() == "rows\n"


def test_a_log_is_one_log(two: tuple[SharedStore, SharedStore]) -> None:
    """Chunks that one machine drew are not drawn by another; a log that was retired is nobody's."""
    chunks, drawn = [[1, 2], [3, 4], [5, 6]], []

    def score(chunk: Any) -> list[dict[str, Any]]:
        drawn.append(chunk)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return [{"item": item} for item in chunk]

    with pytest.raises(KeyboardInterrupt):
        collect_samples(two[0].log("samples", KEY), chunks, score)
    rows = collect_samples(two[1].log("samples", KEY), chunks, score)
    assert [line["item"] for line in rows] == [1, 2, 3, 4, 5, 6] and drawn == [[1, 2], [3, 4], [5, 6], [5, 6]]
    assert collect_samples(two[0].log("samples", KEY), chunks, refuse) == rows
    two[0].log("samples", KEY).retire()
    assert two[1].log("samples", KEY).read() == ([], 0)


def test_a_value_that_changes_is_read_anew(two: tuple[SharedStore, SharedStore]) -> None:
    for files in ({"a": "1"}, {"a": "2"}):
        two[0].put("sample-inputs", KEY, files)
        assert two[1].peek("sample-inputs", KEY) == files


def test_a_damaged_copy_is_made_again(two: tuple[SharedStore, SharedStore]) -> None:
    one, other = two
    place = one.folder("adapters", KEY, fill("abc"))
    (place / "deep" / "weights").write_bytes(b"spoilt")
    assert (one.folder("adapters", KEY, fill("abc")) / "deep" / "weights").read_bytes() == b"abc" * 3_000_000
    assert (other.folder("adapters", KEY, refuse) / "deep" / "weights").read_bytes() == b"abc" * 3_000_000


def test_equal_work_happens_once_without_file_locks(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines that want one training: the controller's lease alone holds them apart, as on a file system that ignores locks."""
    monkeypatch.setattr("harness.store.hold_lock", lambda _: nullcontext())
    monkeypatch.setattr("harness.shared_store.hold_lock", lambda _: nullcontext())
    started, made = threading.Barrier(3), []

    def train(name: str) -> None:
        def make(folder: Path) -> None:
            made.append(name)
            threading.Event().wait(0.3)
            fill(name)(folder)

        store = room.shared(name)
        started.wait()
        store.folder("adapters", KEY, make)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(train, ("one", "two", "three")))
    assert len(made) == 1


def test_a_lease_ends_with_its_session(room: Room) -> None:
    first, second = room.join("one"), room.join("two")
    first.call("lease", "adapters/x")
    waiting = threading.Thread(target=second.call, args=("lease", "adapters/x"))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    first.close()
    waiting.join(10)
    assert not waiting.is_alive() and room.controller.leases == {"adapters/x": "two"}


def test_a_session_that_was_given_up_may_do_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller_module, "LEASE_S", 0.05)
    late = room.join("late")
    threading.Event().wait(0.1)
    assert room.controller.silent() == ["late"]
    room.controller.lose("late")
    calls: tuple[tuple[Any, ...], ...] = (
        ("store.append", f"samples/ab/{KEY}.jsonl", b"x\n"),
        ("books.ledger", "run", 1.0, "booked", []),
        ("next",),
        ("record", "coins", []),
    )
    for call in (*calls, ("books.ledger", "run", 1.0, "booked", [])):
        with pytest.raises(HarnessError, match="this session was given up"):
            late.call(*call)


def test_one_purse_for_all_machines(room: Room) -> None:
    """Thirty calls of 0.1 from three machines with a limit of 1: ten are booked, whoever asks."""

    def spend(name: str) -> int:
        ledger = RemoteLedger(room.join(name), "run", 1.0)
        return sum(ledger.set_aside("api", 0.1) for _ in range(10))

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(spend, ("one", "two", "three"))) == 10
    RemoteLedger(room.join("four"), "run", 1.0).settle("api", 0.1, 0.04)
    assert RemoteLedger(room.join("five"), "run", 1.0).booked() == pytest.approx(0.94)


def test_what_stands_for_the_cache_and_the_ledger_has_all_of_them() -> None:
    """Whoever asks sees no difference; only what batches need of the file itself is the controller's alone."""
    assert {name for name in vars(Ledger) if not name.startswith("_")} == {*LEDGER, "close"}
    batches = {"together", "sqlite_told", "note_damage", "db"}
    assert {name for name in vars(Replies) if not name.startswith("_")} - batches <= set(vars(RemoteReplies)) | set(vars(Opened))


def test_a_budget_that_would_be_passed_is_told_with_its_lines(room: Room) -> None:
    """The refusal of a call in a session names what was booked, and for whom."""
    ledger: Any = RemoteLedger(room.join("one"), "run", 1.0)
    assert ledger.set_aside("openai/x", 0.6) and ledger.set_aside("judge openai/y", 0.3)
    told = r"the run's budget of 1 USD would be passed: 0.9 booked \(.*judge openai/y 0.3.*\)"
    with pytest.raises(HarnessError, match=told):
        asyncio.run(CallBudget("openai/x", None, 0.0, ledger).set_aside(0.2))
    assert ledger.damage == "" and ledger.path.endswith("ledger")


def test_an_answer_is_paid_for_once(room: Room) -> None:
    """Whoever claims a question asks it; the claim of a session that died is free again, and its answers stay."""
    first, second = (RemoteReplies(room.join(name), Path("replies.sqlite")) for name in ("one", "two"))
    assert first.claim(KEY) and not second.claim(KEY)
    first.put_all([row(KEY, Answer(text="yes", status="ok", usd=0.5))])
    first.connection.close()
    found = second.get(KEY)
    assert found is not None and (found.text, found.cached, found.usd) == ("yes", True, 0.0)
    end = threading.Event()
    for _ in range(100):
        if second.claim(KEY):
            break
        end.wait(0.05)
    else:
        raise AssertionError("the claim outlived its session")
    with pytest.raises(HarnessError, match="batches cannot be sent"):
        _ = second.db


@pytest.mark.parametrize("name", ["../outside.json", "adapters/ab/../../x.json", "/etc/passwd", "adapters/xy/" + KEY])
def test_a_name_leads_nowhere_else(room: Room, name: str) -> None:
    connection = room.join("one")
    calls: tuple[tuple[Any, ...], ...] = (("files", name), ("write", name, "", 0, b"x"), ("append", name, b"x\n"))
    for method, *words in (*calls, ("write", f"adapters/ab/{KEY}", "../../x", 0, b""), ("read", f"adapters/ab/{KEY}", "../../x", 0)):
        with pytest.raises(HarnessError):
            connection.call(f"store.{method}", *words)


def test_without_the_key_nobody_is_heard(room: Room) -> None:
    with pytest.raises(Disconnected):
        Connection(room.server.address, b"another", "thief")
    assert room.join("one").call("beat") is None


class Failing:
    """A file system that fails one write in ten, and what it was asked."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.puts = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def put_file(self, *words: Any, **options: Any) -> Any:
        return self._written(self.inner.put_file, *words, **options)

    def pipe_file(self, *words: Any, **options: Any) -> Any:
        return self._written(self.inner.pipe_file, *words, **options)

    def _written(self, call: Any, *words: Any, **options: Any) -> Any:
        self.puts += 1
        if self.puts % 10 == 0:
            raise OSError("503 Slow Down")
        return call(*words, **options)


def test_an_object_store_that_fails_now_and_then_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.object_store.WAIT", 0.001)
    depot = ObjectStore(f"memory://failing-{secrets.token_hex(4)}")
    failing = depot.files = Failing(depot.files)
    one, other = SharedStore(tmp_path / "one", depot), SharedStore(tmp_path / "two", depot)
    for number in range(30):
        key = f"{number:064x}"
        one.folder("adapters", key, lambda folder, number=number: (folder / "weights").write_text(str(number)))  # type: ignore[misc]
        one.log("samples", key).append([{"item": number}])
        assert (other.folder("adapters", key, refuse) / "weights").read_text() == str(number)
        assert other.log("samples", key).read() == ([{"item": number}], 0)
    assert failing.puts > 90


def test_an_object_store_that_is_down_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.object_store.WAIT", 0.001)
    depot = ObjectStore(f"memory://down-{secrets.token_hex(4)}")
    depot.files = Failing(depot.files)
    monkeypatch.setattr(Failing, "_written", lambda *_, **__: (_ for _ in ()).throw(OSError("connection refused")))
    with pytest.raises(HarnessError, match=r"memory://down-\w+: the store fails: connection refused. Check its address, credentials and state"):
        SharedStore(tmp_path, depot).put("calibrations", KEY, {})
    with pytest.raises(HarnessError, match="the store cannot be opened"):
        ObjectStore("nowhere://x")


def test_kinds_of_accelerators_are_not_mixed_without_a_reason(room: Room) -> None:
    """The second kind is refused, machines of the first and of none are not; with a reason both may come."""

    def join(name: str, *accelerators: str) -> None:
        room.controller.handle(name, "join", [{}, {"accelerators": list(accelerators)}])

    join("one", "NVIDIA H100, 80 GB", "NVIDIA H100, 80 GB")
    join("two", "NVIDIA H100, 80 GB")
    join("none")
    room.controller.lose("one")
    room.controller.lose("two")  # what they measured is there
    with pytest.raises(HarnessError, match="this session has NVIDIA A100, 40 GB where others have NVIDIA H100, 80 GB, whose numbers may differ"):
        join("three", "NVIDIA A100, 40 GB")
    room.controller.mixed_gpus = "both compute the same bits: gate G4 of run x"
    join("three", "NVIDIA A100, 40 GB")
    assert sorted(room.controller.workers) == ["none", "three"]
