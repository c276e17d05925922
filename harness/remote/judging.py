"""Judging apart from generation: the controller asks judges behind an API for all sessions, so a cell that waits for verdicts holds no accelerator.

A session sends the texts to be judged and puts its cell aside. Once they are judged the cell runs again: it reads the samples that it drew from the store and
the verdicts from here. They are remembered by judge and text as long as the run lasts, errors too, so a cell that runs again asks nothing twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.judges.api_judge import ApiJudge, Text
from harness.judges.judging import JudgeVerdict, judge_fingerprint
from harness.models.request_pool import Tick
from harness.models.response_cache import Replies
from harness.remote.wire import Connection
from harness.run.put_aside import PutAside
from harness.textfile import is_encodable

PATIENCE_S = 30.0  # for calls under way when a run ends: what they cost is kept


class Request(msgspec.Struct, kw_only=True):
    """Texts (prompt, answer) to be judged, by whom, and that judge's fingerprint: the controller's must be the same."""

    spec: str
    behaviour: str
    rubric: str
    concurrency: int
    batch: bool
    poll_s: float
    run: tuple[str, float] | None
    fingerprint: str
    texts: list[Text]


def judge_apart(connection: Connection, judge: ApiJudge, texts: Sequence[Text]) -> dict[Text, JudgeVerdict]:
    """The verdicts of the controller's judge, which is this one. Raises PutAside while it is asking, and HarnessError where it failed."""
    broken = [text for text in texts if not is_encodable("".join(text))]  # it cannot be sent
    texts = [text for text in texts if text not in broken]
    asked = {name: getattr(judge, name) for name in ("spec", "behaviour", "concurrency", "batch", "poll_s", "run")}
    request = Request(**asked, rubric=str(judge.path), fingerprint=judge_fingerprint(judge), texts=list(texts))
    key, found = connection.call("judge", msgspec.to_builtins(request))
    if found is None:
        raise PutAside(key)
    unread = JudgeVerdict(status="error", error="UnicodeEncodeError: the answer holds half a character")
    return dict(zip(texts, msgspec.convert(found, list[JudgeVerdict]), strict=True)) | dict.fromkeys(broken, unread)


class ServedJudging:
    """The controller's side; `cache` is the path of its cache of replies."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.turn = threading.Lock()
        self.jobs: dict[str, Future[None]] = {}
        self.calls: list[Future[None]] = []  # the jobs that are no batches
        self.verdicts: dict[str, dict[str, JudgeVerdict]] = {}  # judge to text to verdict, both as fingerprints
        self.lines: dict[str, threading.Lock] = {}  # one job of a judge at a time: its concurrency bounds the calls, and no two ask the same
        self.unused: list[Replies] = []
        self.over = False

    def judge(self, words: dict[str, Any], tick: Tick) -> tuple[str, list[Any] | None]:
        """(what to wait for, the verdicts in order or None while they are asked for). Raises HarnessError where that failed."""
        request = msgspec.convert(words, Request)
        marks = [fingerprint(text) for text in request.texts]
        key = fingerprint([request.fingerprint, sorted(marks)])
        with self.turn:
            known = self.verdicts.setdefault(request.fingerprint, {})
            if all(mark in known for mark in marks):
                return key, msgspec.to_builtins([known[mark] for mark in marks])
            if key not in self.jobs:
                self._start(key, request, tick)
            job = self.jobs[key]
        if job.done():
            job.result()
        return key, None

    def when_done(self, key: str, call: Callable[[], None]) -> None:
        """Calls once a job has ended."""
        self.jobs[key].add_done_callback(lambda _: call())

    def _start(self, key: str, request: Request, tick: Tick) -> None:
        job = self.jobs[key] = Future[None]()
        if not request.batch:
            self.calls.append(job)
        threading.Thread(target=self._work, args=(request, tick, job), name="harness-judge", daemon=True).start()

    def _work(self, request: Request, tick: Tick, job: Future[None]) -> None:
        def count(done: int, total: int) -> None:
            if self.over:
                raise HarnessError("the run ends", where=request.spec)
            tick(done, total)

        try:
            found = self._judge(request, count)
            with self.turn:
                self.verdicts[request.fingerprint] |= {fingerprint(text): verdict for text, verdict in found.items()}
            job.set_result(None)
        except HarnessError as error:
            job.set_exception(error)
        except BaseException as error:
            job.set_exception(HarnessError(f"the judge fails: {type(error).__name__}: {error}", where=request.spec))

    def _judge(self, request: Request, tick: Tick) -> dict[Text, JudgeVerdict]:
        asked = {name: getattr(request, name) for name in ("spec", "behaviour", "concurrency", "batch", "poll_s", "run")}
        with self._line(request):
            replies = self._replies()
            try:
                if self.over:  # it stood in line when the run ended
                    raise HarnessError("the run ends", where=request.spec)
                judge = ApiJudge(**asked, cache_path=self.cache, rubric=Path(request.rubric), opened=lambda _: nullcontext(replies))
                if judge_fingerprint(judge) != request.fingerprint:
                    raise HarnessError("the controller's judge is another than the session's", where=request.spec, mend="Use the same files on all machines")
                return judge.judge_texts(request.texts, tick)
            finally:
                self.unused.append(replies)

    def _line(self, request: Request) -> AbstractContextManager[Any]:
        """Batches wait for nobody: what lies in one already is not sent in another."""
        with self.turn:
            return nullcontext() if request.batch else self.lines.setdefault(request.spec, threading.Lock())

    def _replies(self) -> Replies:
        """The cache, opened for one job at a time and not closed after it: that would free the claims of the whole process."""
        with self.turn:
            return self.unused.pop() if self.unused else Replies(self.cache)

    def close(self) -> None:
        """Ends the asking once the calls under way are kept; batches are collected by the next run."""
        self.over = True
        wait(self.calls, timeout=PATIENCE_S)
        for replies in self.unused:
            replies.close()
