"""`compare`: how alike models answer, in Python and without an experiment; the statistics are those of the experiment."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.commands import install_extra
from harness.domains.convergence.agreement.comparison import WITHIN, compare_answers
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.agreement.permutation_test import PERMUTATIONS
from harness.domains.convergence.asked_prompts import Prompts
from harness.domains.convergence.compared_models import ask_models, choose_prompts, is_recorded, name_models, recorded_answers, said_in
from harness.errors import HarnessError, Inconclusive, nearest
from harness.models.responder import ModelEntry, SamplingParams
from harness.plaintext import count_of, format_number
from harness.report.notebook import show_itself, to_data_frame, to_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from harness.domains.convergence.similarity.similarity import Prepared

ENCODED = ("hybrid", "embedding")  # measures that need the sentence encoder
EFFECT = ("value", "low", "high", "level", "p", "p_floor", "p_method")
OVERALL = "overall"


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
        (`low`, `high`, `level`; of two models over prompts alone), the one-sided `p` of permuting prompts within models, the smallest possible p, the name of
        that test (`p_method`), and `n` prompts; then both similarities. `note` says why a value or an interval is missing. Needs pandas (`rows` does not)."""
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
        if not self.found.counted(self.measure, capability) or prompts < 2:
            return row | {"note": "no prompt was answered by two models" if prompts > 1 else "one prompt has no other to be compared with"}
        try:
            row["same_prompt"] = self.found.level(self.measure, capability).value
            other = self.found.mismatched(self.measure, WITHIN, capability)
            row["other_prompt"] = None if other != other else other
            effect = self.found.above_mismatch(self.measure, capability)
        except (Inconclusive, HarnessError) as error:
            return row | {"note": str(error)}
        row |= {"value": effect.value, "p": effect.p, "p_floor": effect.p_floor, "p_method": effect.p_method}
        if not effect.interval.has_width:
            return row | {"note": effect.interval.method.removeprefix("none: ").replace("degenerate: ", "no interval: ").partition(";")[0]}
        return row | {name: getattr(effect.interval, name) for name in ("low", "high", "level")}

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
        told = "no answer: " + ", ".join(f"{name} {count}" for name, count in lost.items()) if lost else ""
        return "; ".join(filter(None, (told, f"left out, since not in every recording: {self.left_out}" if self.left_out else "")))

    @property
    def _title(self) -> str:
        study = self.found.study
        return f"{len(study.models)} models, {count_of(len(study.prompts), 'prompt', 'prompts')}, {self.measure} similarity"

    def __repr__(self) -> str:
        told = self.overall
        if told["value"] is None:
            return f"<{self._title}: {told['note']}>"
        interval = f"({told['note']})" if told["low"] is None else f"[{format_number(told['low'], '+.3f')}, {format_number(told['high'], '+.3f')}]"
        value, lost = format_number(told["value"], "+.3f"), f"; {self._lost}" if self._lost else ""
        return f"<{self._title}: {value} {interval} above other prompts, p = {format_number(told['p'], '.3g')} ({told['p_method']}){lost}>"

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
    check_method(measure, permutations)
    entries = name_models(models)
    recorded = {name: recorded_answers(name, one, system) for name, one in entries.items() if is_recorded(one)}
    asked = {name: one for name, one in entries.items() if name not in recorded}
    chosen, left_out = choose_prompts(recorded, asked, prompts)
    if left_out:
        warnings.warn(f"{count_of(left_out, 'prompt is', 'prompts are')} not in every recording and left out; {len(chosen)} are compared", stacklevel=2)
    said = {name: said_in(name, answers, chosen) for name, (_, answers) in recorded.items()}
    if asked:
        said |= ask_models(asked, chosen, system, SamplingParams(max_tokens=max_tokens, seed=seed), offline, store)
    texts = {name: {prompt: text for prompt, (text, _) in said[name].items()} for name in entries}
    missing = {name: {prompt: why for prompt, (text, why) in said[name].items() if text is None} for name in entries}
    check_answered(missing, len(chosen))
    study = compare_answers(list(texts), {one.id: one.capability for one in chosen}, texts, similarity_blocks(measure, texts))
    return ModelComparison(measure, Findings(study, permutations), texts, missing, left_out)


def check_method(measure: str, permutations: int) -> None:
    known = [*ENCODED, *plain_measures()]
    if measure not in known:
        raise HarnessError(f"there is no similarity {measure!r}", where="compare", mend=nearest(str(measure), known))
    if permutations < 1:
        raise HarnessError(f"permutations={permutations}", where="compare", mend="Give at least 1; p cannot fall below 1 / (permutations + 1)")


def check_answered(missing: Mapping[str, Mapping[str, str]], prompts: int) -> None:
    """Raises HarnessError for a model that answered nothing: there is nothing to compare it by."""
    for name, whys in missing.items():
        if len(whys) == prompts:
            told = f"{name} answered none of {count_of(prompts, 'prompt', 'prompts')} ({next(iter(whys.values()))})"
            raise HarnessError(told, where="compare", mend="Leave it out")


def similarity_blocks(measure: str, texts: Mapping[str, Mapping[str, str | None]]) -> Callable[[Any], dict[str, Any]]:
    """What `compare_answers` asks of a similarity. Raises HarnessError where it needs what is not installed."""
    mend = f"use one of the measures {', '.join(name for name in plain_measures() if name != 'tfidf')}, which need nothing more"
    try:
        prepared = prepare(measure, [[text or "" for text in answers.values()] for answers in texts.values()])
    except ModuleNotFoundError as error:
        raise HarnessError(f"{measure} needs {error.name}", where="compare", mend=f"{install_extra('local')}, or {mend}") from None
    except HarnessError as error:
        raise HarnessError(error.what, where=error.where, mend=f"{error.mend}, or {mend}") from None
    return lambda rows: {measure: prepared.block(rows)}


def plain_measures() -> dict[str, Any]:
    """The similarities that need no sentence encoder, by name."""
    from harness.domains.convergence.fixtures.comparing import lexical_measures
    from harness.domains.convergence.similarity.distribution import ExpKL, OneMinusJS

    return {one.name: one for one in (*lexical_measures(), ExpKL(), OneMinusJS())}


def prepare(measure: str, texts: Sequence[Sequence[str]]) -> Prepared:
    """A similarity of the answers, model by model. Sentence vectors are made for one model at a time, as in the experiment: their last bits depend on it."""
    from harness.domains.convergence.similarity.distribution import PooledCounts, PreparedJS, PreparedKL
    from harness.domains.convergence.similarity.hybrid import PreparedHybrid

    every = [text for answers in texts for text in answers]
    if measure not in ENCODED:
        found: Prepared = plain_measures()[measure].prepare(every)
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
