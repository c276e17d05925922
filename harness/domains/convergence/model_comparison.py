"""`compare`: how alike models answer, in Python and without an experiment; the statistics are those of the experiment."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from harness.domains.convergence.agreement.comparison import WITHIN, compare_answers
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.agreement.permutation_test import PERMUTATIONS
from harness.domains.convergence.asked_prompts import Prompts, common_prompts, key_in, prompt_of_key, read_prompts, text_of_prompt
from harness.errors import HarnessError, Inconclusive, nearest
from harness.models.level1_recording import is_level1
from harness.models.recording import client_error
from harness.models.replay_responder import PREFIX, ReplayResponder, open_responder
from harness.models.responder import ModelEntry, SamplingParams
from harness.models.status import ANSWERED, is_blank
from harness.plaintext import count_of
from harness.report.notebook import show_itself, to_data_frame, to_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from harness.domains.convergence.similarity.similarity import Prepared

ENCODED = ("hybrid", "embedding")  # measures that need the sentence encoder
LEXICAL = ("exp_kl", "one_minus_js", "indel", "jaccard")  # those that need nothing beyond the package
EFFECT = ("value", "low", "high", "level", "p", "p_floor")
OVERALL = "overall"
Said = tuple[str | None, str]  # a text, or None and why there is none


@dataclass(frozen=True)
class ModelComparison:
    """What `compare` found. `texts` maps each model to {prompt id: its answer, None where there is none}, `missing` to {prompt id: why there is none};
    `left_out` counts the prompts of recordings that not all of them hold."""

    measure: str
    found: Findings = field(repr=False)
    texts: Mapping[str, Mapping[str, str | None]] = field(repr=False)
    missing: Mapping[str, Mapping[str, str]] = field(repr=False)
    left_out: int = 0

    @property
    def matrix(self) -> Any:
        """Models by models: the mean similarity of their answers to one prompt, missing where they answered none in common. Nested lists without pandas."""
        rows, models = self.found.matrix(self.measure), list(self.found.study.models)
        if importlib.util.find_spec("pandas") is None:
            return rows
        frame = to_data_frame([dict(zip(models, row, strict=True)) for row in rows], models)
        return frame.set_axis(models, axis=0).astype(float)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """`per_capability` as plain values, and last the overall one."""
        return [self._effect(name) for name in self.found.study.capabilities] + [self._effect(None)]

    @property
    def per_capability(self) -> DataFrame:
        """A row for each capability: `value`, by how much answers to one prompt are more alike than answers to two of the capability, with its two-way interval
        (`low`, `high`, `level`), the one-sided `p` of permuting prompts within models, the smallest possible p, and `n` prompts; then both similarities. `note`
        says why a value is missing. Needs pandas (`rows` does not)."""
        return to_data_frame(self.rows[:-1], index="capability")

    @property
    def overall(self) -> dict[str, Any]:
        """The same over all prompts."""
        return self.rows[-1]

    @property
    def p(self) -> float | None:
        """That of `overall`; None where permuting prompts cannot move the similarity."""
        value: float | None = self.overall["p"]
        return value

    def _effect(self, capability: str | None) -> dict[str, Any]:
        prompts = sum(capability in (None, name) for name in self.found.study.strata)
        row: dict[str, Any] = {"capability": capability or OVERALL, **dict.fromkeys((*EFFECT, "same_prompt", "other_prompt")), "n": prompts, "note": ""}
        try:
            row["same_prompt"] = self.found.level(self.measure, capability).value
            other = self.found.mismatched(self.measure, WITHIN, capability)
            row["other_prompt"] = None if other != other else other
            effect = self.found.above_mismatch(self.measure, capability)
        except Inconclusive as error:
            return row | {"note": str(error)}
        ends = {name: getattr(effect.interval, name) for name in ("low", "high", "level")}
        return row | {"value": effect.value, "p": effect.p, "p_floor": effect.p_floor} | ends

    def plot(self) -> Figure:
        """The report's heat map of the matrix."""
        from harness.domains.convergence.sections.heat_map import draw
        from harness.domains.convergence.sections.similarity import SimilarityMatrix

        overall, models = self.overall, self.found.study.models
        about = {"place": 0, "clustered": False, "length_rho": None, "mismatched_any": None, "mismatched_same": overall["other_prompt"], "how": {}}
        matrix = tuple(map(tuple, self.found.matrix(self.measure)))
        record = SimilarityMatrix(name=self.measure, models=models, matrix=matrix, overall=overall["same_prompt"], n_prompts=overall["n"], **about)
        return show_itself(draw(record))

    @property
    def _lost(self) -> str:
        lost = {name: len(whys) for name, whys in self.missing.items() if whys}
        told = "no answer, left out: " + ", ".join(f"{name} {count}" for name, count in lost.items()) if lost else ""
        return "; ".join(filter(None, (told, f"{self.left_out} prompts are not in every recording, left out" if self.left_out else "")))

    @property
    def _title(self) -> str:
        study = self.found.study
        return f"{len(study.models)} models, {count_of(len(study.prompts), 'prompt', 'prompts')}, {self.measure} similarity"

    def __repr__(self) -> str:
        told = self.overall
        if told["value"] is None:
            return f"<{self._title}: {told['note']}>"
        interval = f"[{told['low']:+.3f}, {told['high']:+.3f}]"
        return f"<{self._title}: {told['value']:+.3f} {interval} above other prompts, p = {told['p']:.3g}{'; ' + self._lost if self._lost else ''}>"

    def _repr_html_(self) -> str:
        names = [name for name in self.rows[0] if name != "level"]
        return to_notebook(self._title, (self._lost,), names, [[row[name] for name in names] for row in self.rows])


def compare(
    models: Sequence[str | ModelEntry] | Mapping[str, Any],
    prompts: Prompts | None = None,
    *,
    system: str | None = None,
    max_tokens: int = 256,
    seed: int = 1,
    measure: str = "hybrid",
    permutations: int = PERMUTATIONS,
    offline: bool = False,
    store: str | os.PathLike[str] | None = None,
) -> ModelComparison:
    """How alike two or more models answer.

    `models` are specs (`replay/FILE#name`, `local/smollm2`, `openai/…`), entries of a model set, or a mapping from a name to one of these or to recorded
    answers, {prompt id or text: answer, None where there is none}. `prompts` are texts, tasks, mappings with prompt, id and capability, or the path of a file
    of them; None takes the prompts that all recordings hold, and warns of how many were left out.
    Models that are asked draw at temperature .7 and top_p .95, under `system`, and are asked once: answers are kept in `store` (see `Workbench`), as those of
    an experiment are. An error and an empty answer are missing, never a text.

    Raises HarnessError in one line for what cannot be compared, such as a prompt that a recording does not hold.
    """
    entries = name_models(models)
    known = [*ENCODED, *LEXICAL, "tfidf"]
    if measure not in known:
        raise HarnessError(f"there is no similarity {measure!r}", where="compare", mend=nearest(measure, known))
    recorded = {name: recorded_answers(name, one, system) for name, one in entries.items() if is_recorded(one)}
    asked = {name: one for name, one in entries.items() if name not in recorded}
    if prompts is None and asked:
        raise HarnessError(f"{next(iter(asked))} is no recording, so there must be prompts", where="compare", mend="Give prompts=[…]")
    chosen, left_out = common_prompts(recorded) if prompts is None else (read_prompts(prompts), 0)
    if left_out:
        warnings.warn(f"{count_of(left_out, 'prompt is', 'prompts are')} not in every recording and left out; {len(chosen)} are compared", stacklevel=2)
    said = {name: said_in(name, answers, chosen) for name, (_, answers) in recorded.items()}
    if asked:
        said |= ask_models(asked, chosen, system, SamplingParams(max_tokens=max_tokens, seed=seed), offline, store)
    texts = {name: {prompt: text for prompt, (text, _) in said[name].items()} for name in entries}
    missing = {name: {prompt: why for prompt, (text, why) in said[name].items() if text is None} for name in entries}
    if silent := next((name for name in texts if len(missing[name]) == len(chosen)), ""):
        told = f"{silent} answered none of {count_of(len(chosen), 'prompt', 'prompts')} ({next(iter(missing[silent].values()))})"
        raise HarnessError(told, where="compare", mend="Leave it out")
    study = compare_answers(list(texts), {one.id: one.capability for one in chosen}, texts, similarity_blocks(measure, texts))
    return ModelComparison(measure, Findings(study, permutations), texts, missing, left_out)


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


def recorded_answers(name: str, one: Any, system: str | None) -> tuple[list[Any], dict[str, Said]]:
    """(prompts, what was said by id or text) of a recording."""
    if isinstance(one, Mapping):
        return [prompt_of_key(str(key)) for key in one], {str(key): said_by(name, key, text) for key, text in one.items()}
    if system is not None or one.system or one.persona:
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
    from harness.domains.convergence.fixtures.model_set import CACHE
    from harness.domains.convergence.responses import Responses
    from harness.fixtures.standalone import Workbench
    from harness.models.precision import precision
    from harness.models.responders import ResolverContext
    from harness.models.responders import open_responder as open_any

    bench = Workbench(store)
    means = ResolverContext(loaded=lambda spec: bench.load(spec, precision({})), cache=bench.store.root / CACHE, root=bench.root, offline=offline)
    said = {}
    for name, entry in entries.items():
        own = entry.system or (find_persona(bench.root, entry.persona).prompt if entry.persona else None)
        respondent = open_any(replace(entry, system=system if own is None else own), replace(drawing, seed=drawing.seed + entry.seed), means)
        rows = [row for row in bench.gather(f"answers-{name}", Responses(respondent), prompts, card=False).rows if row["replicate"] == 0]
        said[name] = {row["item"]: said_of(row["text"], row["status"], row["error"]) for row in rows}
    return said


def similarity_blocks(measure: str, texts: Mapping[str, Mapping[str, str | None]]) -> Callable[[Any], dict[str, Any]]:
    """What `compare_answers` asks of a similarity. Raises HarnessError where it needs what is not installed."""
    mend = f"use measure={LEXICAL[2]!r}, or {', '.join(LEXICAL[:2])}, {LEXICAL[3]}, which need nothing more"
    try:
        prepared = prepare(measure, [[text or "" for text in answers.values()] for answers in texts.values()])
    except ModuleNotFoundError as error:
        raise HarnessError(f"{measure} needs {error.name}", where="compare", mend=f"pip install 'harness-evals[local]', or {mend}") from None
    except HarnessError as error:
        raise HarnessError(error.what, where=error.where, mend=f"{error.mend}, or {mend}") from None
    return lambda rows: {measure: prepared.block(rows)}


def prepare(measure: str, texts: Sequence[Sequence[str]]) -> Prepared:
    """A similarity of the answers, model by model. Sentence vectors are made for one model at a time, as in the experiment: their last bits depend on it."""
    from harness.domains.convergence.fixtures.comparing import lexical_measures
    from harness.domains.convergence.similarity.distribution import ExpKL, OneMinusJS, PooledCounts, PreparedJS, PreparedKL
    from harness.domains.convergence.similarity.hybrid import PreparedHybrid

    every = [text for answers in texts for text in answers]
    if measure not in ENCODED:
        found: Prepared = next(one for one in (*lexical_measures(), ExpKL(), OneMinusJS()) if one.name == measure).prepare(every)
        return found
    vectors = prepare_vectors(texts)
    if measure == "embedding":
        return vectors
    pooled = PooledCounts(every)
    return PreparedHybrid({"embedding": vectors, "exp_kl": PreparedKL(pooled), "one_minus_js": PreparedJS(pooled)})


def prepare_vectors(texts: Sequence[Sequence[str]]) -> Prepared:
    import numpy as np
    import transformers  # noqa: F401  asked for here, where its absence is explained

    from harness.domains.convergence.similarity.embedding import PreparedEmbedding, encodable
    from harness.measures.encoder import encoder

    return PreparedEmbedding(np.concatenate([encoder().vectors([encodable(text) for text in answers]) for answers in texts]))
