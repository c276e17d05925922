"""Logs of Inspect as recordings: a sample's id is the key, its epoch less one the replicate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.models.inspect_log import Sample, Usage, read_log
from harness.models.provider import LONGEST, Answer
from harness.models.recording import RecordedAnswer, RecordedItem, Recording, client_error
from harness.models.status import ANSWERED, Status, decide_status

ATTACHMENT = "attachment://"
STOPPED: dict[str, Status] = {"max_tokens": "truncated", "model_length": "truncated", "content_filter": "refused"}


def read_recording(path: Path) -> Recording:
    """The answers, scores and items of a log. Raises HarnessError as `read_log` does, and where an answer is a client's error."""
    data, header, samples = read_log(path)
    rows = tuple(to_recorded_answer(sample, header.eval.model, path) for sample in samples)
    items = tuple({str(sample.id): to_item(sample) for sample in reversed(samples)}.values())[::-1]
    return Recording(path=path, sha256=hashlib.sha256(data).hexdigest(), pairing="item", rows=rows, items=items)


def to_recorded_answer(sample: Sample, model: str, path: Path) -> RecordedAnswer:
    status, text, error = outcome_of(sample)
    if status in ANSWERED and client_error(text):
        what = f"a client's error stands there as an answer: {' '.join(text.split())[:60]!r}"
        raise HarnessError(what, where=f"{path}: {sample.place}", mend="Let the evaluation fail on it (fail_on_error), and run it again.", code="M312")
    output, usage = sample.output, sample.output.usage or Usage()
    finish = output.choices[0].stop_reason if output.choices else ""
    answer = Answer(
        status=status,
        text=text,
        finish=finish,
        model=model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        usd=0.0,
        latency_s=output.time or 0.0,
        cached=True,
        error=error,
    )
    item, scores = to_item(sample), dict(scores_of(sample))
    asked: dict[str, Any] = {"key": item.id, "prompt": item.prompt, "target": item.target, "system": item.system}
    return RecordedAnswer(replicate=sample.epoch - 1, answer=answer, scores=scores, place=sample.place, model=model, **asked)


def outcome_of(sample: Sample) -> tuple[Status, str, str]:
    """(status, text, error): an error has no text, and one that was withheld needs none."""
    if sample.error is not None or sample.invalidation is not None:
        error = sample.error.message if sample.error else "the sample was invalidated"
        return "error", "", " ".join(error.split())[:LONGEST] or "no message"
    output = sample.output
    text = resolve(output.completion or (output.choices[0].message.text if output.choices else ""), sample)
    stopped = STOPPED.get(output.choices[0].stop_reason if output.choices else "", "ok")
    otherwise: Status = "refused" if output.error else "truncated" if sample.limit and stopped == "ok" else stopped
    status = decide_status(text, otherwise)
    return status, "" if status == "empty" else text, ""


def resolve(text: str, sample: Sample) -> str:
    """A long text stands once among the attachments of its sample."""
    return sample.attachments.get(text.removeprefix(ATTACHMENT), text) if text.startswith(ATTACHMENT) else text


def scores_of(sample: Sample) -> Iterator[tuple[str, float | str]]:
    """Scorer to value; a scorer that gave several values has one for each, `scorer/name`. What was not scored has none; a value in another form is its text,
    which is no grade."""
    for name, score in (sample.scores or {}).items():
        several = dict(enumerate(score.value)) if isinstance(score.value, list) else score.value
        for part, value in (several if several and isinstance(several, dict) else {"": score.value}).items():
            if value is not None:
                yield f"{name}/{part}" if part != "" else name, float(value) if isinstance(value, int | float) else str(value)


def prompt_of(sample: Sample) -> str:
    """The user's last turn, as the dataset has it."""
    if isinstance(sample.input, str):
        return resolve(sample.input, sample)
    return resolve(next((turn.text for turn in reversed(sample.input) if turn.role == "user"), ""), sample)


def to_item(sample: Sample) -> RecordedItem:
    turns = [*(sample.input if isinstance(sample.input, list) else ()), *sample.messages]
    system = next((resolve(turn.text, sample) for turn in turns if turn.role == "system"), None)
    target = (sample.target,) if isinstance(sample.target, str) else tuple(sample.target)
    return RecordedItem(id=str(sample.id), prompt=prompt_of(sample), target=target, choices=tuple(sample.choices or ()), system=system)


def items_of_log(path: Path | str) -> list[RecordedItem]:
    """The items of an Inspect log, or of all logs in a folder, each once, by id."""
    from harness.models.recordings import load_recording

    recording = load_recording(Path(path))
    if not recording.items:
        raise HarnessError("is no log of Inspect: it names no items", where=str(path), mend="Use a .eval or .json log.")
    return list(recording.items)
