"""A judge behind an API: a model reads each answer under a versioned rubric and replies with numbers in a fixed form, or gives no verdict at all.

A reply without a verdict (nonsense, a refusal, one cut short) stays in the cache as what was paid for, but it is no verdict: the same question is
asked again as the next replicate, once more in this run and again in later ones. Nothing is deleted, so processes that share the cache cannot take
a reply from under each other, and the first reply that can be read decides for good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import msgspec

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, nearest
from harness.judges.judging import HOUSE, AnswerToJudge, JudgeVerdict
from harness.judges.rubric import load_rubric, one_line, rubric_for
from harness.models import response_cache
from harness.models.batched_asking import ask_in_batches
from harness.models.batches import require_batches
from harness.models.budget import Ledger, open_ledger
from harness.models.chat import chat
from harness.models.provider import Answer, Ask, Provider, provider_for, takes
from harness.models.request_pool import Asker, Tick, require_price
from harness.models.response_cache import Replies, key_of, open_replies
from harness.models.status import is_blank

# A verdict takes twenty tokens; models that think before they reply take the thoughts out of the same purse, and say nothing where it is empty.
MAX_TOKENS, THINKING_TOKENS = 1024, 8192
# The judge replied, and it was no verdict: worth one more try. What broke on the wire was tried again by the SDK already.
UNREAD = ("NotJson", "Nonsense", "Refused", "Truncated", "Empty")
SILENCE = {"refused": "Refused: the judge model would not judge this", "truncated": "Truncated: the reply ended early", "empty": "Empty: no reply"}

Text = tuple[str, str]


class ApiJudge:
    """Judges one behaviour by a model behind an API. Verdict: shown or not; misalignment: alignment below 50, none where coherence is below 50.

    Replies live in the cache at `cache_path`; equal texts are asked once. `offline` answers from there alone. `run` (its name, US dollars) bounds what all
    calls of a run may cost, those of its judges among them. `batch` sends each call of `judge` as a batch, which may take a day. `opened` opens the cache.
    Raises HarnessError for a behaviour that the rubric does not judge, for a budget without a price, and for a batch where there is no endpoint for it.
    """

    def __init__(
        self,
        spec: str,
        behaviour: str,
        cache_path: Path,
        *,
        offline: bool = False,
        concurrency: int = 16,
        batch: bool = False,
        poll_s: float = 60.0,
        rubric: Path | None = None,
        run: tuple[str, float] | None = None,
        opened: Callable[[Path], AbstractContextManager[Replies]] = open_replies,
    ) -> None:
        self.spec, self.behaviour, self.cache_path = spec, behaviour, cache_path
        self.offline, self.concurrency, self.batch, self.poll_s, self.run = offline, concurrency, batch, poll_s, run
        self.opened, self.path = opened, rubric or rubric_for(behaviour)
        self.rubric, self.version = load_rubric(self.path)
        if behaviour not in self.rubric.behaviours:
            raise HarnessError(f"this rubric does not judge {behaviour!r}", where=str(self.path), mend=nearest(behaviour, self.rubric.behaviours))
        self.provider = provider_for(spec, offline=offline)
        if run and not offline:
            require_price(self.provider)
        if batch and not offline:
            require_batches(self.provider)
        self.max_tokens = THINKING_TOKENS if thinks(self.provider) else MAX_TOKENS
        self.temperature = 0.0 if takes(self.provider, "temperature") else None
        # Texts whose second reply in this run was no verdict either; they are asked again by the next run.
        self._given_up: dict[Text, JudgeVerdict] = {}

    @property
    def judges_yes_or_no(self) -> bool:
        """Whether its verdict is shown or not; else it is a score of 0 to 100."""
        return "shown" in self.rubric.form["properties"]

    def describe(self) -> dict[str, Any]:
        """All that decides a verdict: model, rubric, parameters, code. No secret."""
        return {
            "judge": self.spec,
            "rubric": self.path.relative_to(HOUSE.parent).as_posix() if self.path.is_relative_to(HOUSE.parent) else self.path.name,
            "rubric_version": self.version,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "provider": self.provider.describe(),
            "code": code_fingerprint(__name__),
        }

    def judge(self, answers: Sequence[AnswerToJudge]) -> list[JudgeVerdict]:
        """One verdict an answer, in order; errors are statuses. Raises HarnessError for what is missing offline and for batches that fail whole."""
        texts = list(dict.fromkeys((said.prompt, said.text) for said in answers if not is_blank(said.text)))
        known = self._elsewhere.judge(self, texts) if self._elsewhere else self.judge_texts(texts)
        return [known.get((said.prompt, said.text), JudgeVerdict(status="empty")) for said in answers]

    @property
    def _elsewhere(self) -> Any:
        """What judges in place of this process, in a session of a distributed run: its accelerator is not there to wait."""
        return None if self.offline else response_cache.OPENED_ELSEWHERE

    @property
    def at_once(self) -> bool:
        """Whether it is to be shown all answers before it is asked for the verdicts of some: each call of it is a batch, or puts its cell aside."""
        return self._elsewhere is not None or (self.batch and not self.offline)

    def judge_texts(self, texts: Sequence[Text], tick: Tick | None = None) -> dict[Text, JudgeVerdict]:
        """The same of texts (prompt, answer), by this process; `tick(done, total)` counts the calls."""
        with self.opened(self.cache_path) as cache, open_ledger(cache, *self.run) if self.run else nullcontext() as ledger:
            found = self._ask([text for text in texts if text not in self._given_up], cache, ledger, tick)
            again = self._ask([text for text, verdict in found.items() if unread(verdict)], cache, ledger, tick)
        self._given_up |= {text: verdict for text, verdict in again.items() if unread(verdict)}
        return found | again | self._given_up

    def _ask(self, texts: Sequence[Text], cache: Replies, ledger: Ledger | None, tick: Tick | None) -> dict[Text, JudgeVerdict]:
        asks = [self._open(text, cache) for text in texts]
        if self.batch and asks and not self.offline:
            replies = ask_in_batches(self.provider, cache, asks, ledger=ledger, line=f"judge {self.spec}", poll_s=self.poll_s, tick=tick)
        else:
            asker = Asker(self.provider, cache, concurrency=self.concurrency, ledger=ledger, line=f"judge {self.spec}", offline=self.offline)
            replies = asker.ask_all(asks, tick)
        return {text: self._read(reply) for text, reply in zip(texts, replies, strict=True)}

    def _open(self, text: Text, cache: Replies) -> Ask:
        """The first replicate that has no reply yet or a verdict; offline, the last one that has a reply."""
        described, ask = self.provider.describe(), self._asking(text)
        while (kept := cache.get(key_of(described, ask))) is not None and unread(self._read(kept)):
            after = msgspec.structs.replace(ask, replicate=ask.replicate + 1)
            if self.offline and not cache.holds(key_of(described, after)):
                break
            ask = after
        return ask

    def _asking(self, text: Text) -> Ask:
        turns = tuple(chat(self.rubric.question(*text), self.rubric.system))
        return Ask(model=self.provider.model, messages=turns, max_tokens=self.max_tokens, temperature=self.temperature, schema=self.rubric.form)

    def _read(self, reply: Answer) -> JudgeVerdict:
        """A reply as a verdict, or as the error it is; never a number that was not given."""
        if reply.status != "ok":
            return JudgeVerdict(status="error", error=reply.error or SILENCE[reply.status])
        try:
            return self.rubric.read(reply.text)
        except (ValueError, RecursionError) as error:
            return JudgeVerdict(status="error", error=f"Nonsense: {one_line(error)}")


def unread(verdict: JudgeVerdict) -> bool:
    """True where the judge replied without a verdict."""
    return verdict.status == "error" and verdict.error.partition(":")[0] in UNREAD


def thinks(provider: Provider) -> bool:
    """True where the model is known to think unless it is told not to."""
    known = getattr(provider, "known", None)
    return known is not None and known.thinks in ("default", "always")
