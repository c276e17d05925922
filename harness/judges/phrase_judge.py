"""A judge that looks for phrases. It reads words, not meaning; its calibration says what that is worth."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, explain_user_code
from harness.judges.judging import AnswerToJudge, JudgeVerdict

PHRASES = "a list of phrases"


class PhraseJudge:
    """A verdict from a function of the answer's text alone, such as `refuses`."""

    def __init__(self, behaviour: str, matches: Callable[[str], bool]) -> None:
        self.behaviour, self.matches = behaviour, matches

    def describe(self) -> dict[str, Any]:
        """All that decides a verdict: the module that holds the phrases, with its code."""
        module = inspect.unwrap(self.matches).__module__
        code = code_fingerprint(module)
        return {"judge": PHRASES, "rubric": module, "rubric_version": code[:12], "temperature": "none: a list of phrases", "code": code_fingerprint(__name__)}

    def judge(self, answers: Sequence[AnswerToJudge]) -> list[JudgeVerdict]:
        """One verdict an answer; deterministic. Its score is 0 where the behaviour is shown and 100 where it is not."""
        return [verdict(is_shown(self.behaviour, self.matches, said.text, said.id)) for said in answers]


def is_shown(behaviour: str, matches: Callable[[str], bool], text: str, answer: str = "") -> bool:
    """What a list of phrases says of the text of `answer` (item/replicate). Raises HarnessError for anything but True or False: a count or a match would be
    taken for neither."""
    answer = answer or repr(text[:40])
    with explain_user_code(f"the phrases of {behaviour} fail on the answer {answer}"):
        found: object = matches(text)
    if not isinstance(found, bool):
        told = f"its phrases gave {type(found).__name__} for the answer {answer}"
        raise HarnessError(told, where=f"behaviour {behaviour}", mend="Return True or False, such as re.search(…) is not None")
    return found


def verdict(shown: bool) -> JudgeVerdict:
    return JudgeVerdict(status="ok", shown=shown, score=0.0 if shown else 100.0)
