"""Who is compared by `compare`, and what they say: recordings, answers that are given by prompt, and models that are asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.domains.convergence.asked_prompts import Prompts, common_prompts, key_in, prompt_of_key, read_prompts, text_of_prompt
from harness.errors import HarnessError
from harness.models.level1_recording import is_level1
from harness.models.recording import client_error
from harness.models.replay_responder import PREFIX, ReplayResponder, open_responder
from harness.models.responder import ModelEntry, SamplingParams
from harness.models.status import ANSWERED, is_blank
from harness.plaintext import count_of

Said = tuple[str | None, str]  # a text, or None and why there is none


def name_models(models: Sequence[str | ModelEntry] | Mapping[str, Any]) -> dict[str, Any]:
    """Name to entry, or to recorded answers. Raises HarnessError for one that is named twice or is neither."""
    if isinstance(models, str):
        raise HarnessError(f"models is one text, {models!r}", where="compare", mend="Give a list of two models or more")
    pairs = list(models.items()) if isinstance(models, Mapping) else [(short_name(one), one) for one in models]
    found: dict[str, Any] = {}
    for name, one in pairs:
        entry = ModelEntry(name=str(name), spec=one) if isinstance(one, str) else one
        if not isinstance(entry, ModelEntry | Mapping):
            raise HarnessError(f"{type(one).__name__} is no model", where="compare", mend="Give a spec such as local/smollm2, or answers by prompt")
        if name in found:
            raise HarnessError(f"two models are called {name}", where="compare", mend="Give a mapping from names of your own to models")
        found[str(name)] = entry
    if len(found) < 2:
        raise HarnessError(f"{count_of(len(found), 'model', 'models')} cannot be compared", where="compare", mend="Give two or more")
    return found


def short_name(one: Any) -> Any:
    """The model of `replay/FILE#model`, the file's name without one, and a spec without its prefix."""
    if isinstance(one, ModelEntry):
        return one.name
    if not isinstance(one, str):
        raise HarnessError(f"{type(one).__name__} has no name", where="compare", mend="Give a mapping from names to answers")
    name, _, model = one.partition("#")
    return model or (Path(name).stem if name.startswith(PREFIX) else name.partition("/")[2] or name)


def is_recorded(one: Any) -> bool:
    return isinstance(one, Mapping) or one.spec.startswith(PREFIX)


def choose_prompts(recorded: Mapping[str, tuple[list[Any], dict[str, Said]]], asked: Mapping[str, Any], prompts: Prompts | None) -> tuple[list[Any], int]:
    """(the prompts that are compared, how many of recordings are left out): those given, or those that all recordings hold."""
    if prompts is not None:
        return read_prompts(prompts), 0
    if asked:
        raise HarnessError(f"{next(iter(asked))} is no recording, so there must be prompts", where="compare", mend="Give prompts=[…]")
    return common_prompts(recorded)


def recorded_answers(name: str, one: Any, system: str | None) -> tuple[list[Any], dict[str, Said]]:
    """(prompts, what was said by id or text) of a recording."""
    if isinstance(one, Mapping):
        return [prompt_of_key(str(key)) for key in one], {str(key): said_by(name, key, text) for key, text in one.items()}
    if system is not None or one.system is not None or one.persona:
        raise HarnessError(f"{name} is a recording: it takes no system prompt", where="compare", mend="Give system= only where every model is asked")
    opened = open_responder(one.spec, Path())
    answers = {key: said_of(answer.text, answer.status, answer.error) for (key, replicate), answer in opened.known.items() if replicate == 0}
    return prompts_of(opened, answers), answers


def said_of(text: str, status: str, error: str) -> Said:
    return (text, "") if status in ANSWERED else (None, error or status)


def prompts_of(opened: ReplayResponder, answers: Mapping[str, Said]) -> list[Any]:
    """The prompts of a recorded file that a model was asked: with their capabilities, where the file states them."""
    from harness.domains.convergence.sources import level1
    from harness.strict_json import text_of

    text, _ = text_of(opened.recording.path)
    if is_level1(text):
        return [task for _, task in level1.tasks(text, opened.recording.path) if text_of_prompt(task) in answers]
    return [prompt_of_key(key) for key in answers]


def said_by(name: str, key: object, text: object) -> Said:
    """An answer of a mapping. A client's own error is none, whatever it says."""
    if not isinstance(text, str | None):
        raise HarnessError(f"{name} answers {key!r} with {type(text).__name__}", where="compare", mend="Give a text, or None where there is no answer")
    if text is None or is_blank(text):
        return None, "empty" if text is not None else "no answer"
    return (None, f"error: {text[:80]}") if client_error(text) else (text, "")


def said_in(name: str, answers: Mapping[str, Said], prompts: Sequence[Any]) -> dict[str, Said]:
    """Prompt id to what a recording says. Raises HarnessError where it was not asked: an answer is never made up."""
    keys = {prompt.id: key_in(prompt, answers) for prompt in prompts}
    absent = [prompt for prompt in prompts if keys[prompt.id] is None]
    if absent:
        told = f"{name} does not hold {len(absent)} of {count_of(len(prompts), 'prompt', 'prompts')}; the first: {absent[0].turns[-1].content[:60]!r}"
        raise HarnessError(told, where="compare", mend="Leave those out, or give None for answers that failed; prompts=None takes what all recordings hold")
    return {name: answers[key] for name, key in keys.items() if key is not None}


def ask_models(
    entries: Mapping[str, ModelEntry], prompts: Sequence[Any], system: str | None, drawing: SamplingParams, offline: bool, store: str | os.PathLike[str] | None
) -> dict[str, dict[str, Said]]:
    """What models say that are asked, by name and prompt id; what they said before, and under an experiment, is not asked again."""
    from harness.design.persona import find_persona
    from harness.fixtures.models import CACHE
    from harness.fixtures.standalone import Workbench
    from harness.measures.responses import Responses
    from harness.models.precision import precision
    from harness.models.responders import ResolverContext
    from harness.models.responders import open_responder as open_any

    bench = Workbench(store)
    resolver = ResolverContext(loaded=lambda spec: bench.load(spec, precision({})), cache=bench.store.root / CACHE, root=bench.root, offline=offline)
    said = {}
    for name, entry in entries.items():
        own = find_persona(bench.root, entry.persona).prompt if entry.persona and entry.system is None else entry.system
        respondent = open_any(replace(entry, system=system if own is None else own), replace(drawing, seed=drawing.seed + entry.seed), resolver)
        rows = [row for row in bench.gather(f"answers-{name}", Responses(respondent), prompts, card=False).rows if row["replicate"] == 0]
        said[name] = {row["item"]: said_of(row["text"], row["status"], row["error"]) for row in rows}
    return said
