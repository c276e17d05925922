"""Types of the facts that domains provide for checks: what a design trains on, what it evaluates, which weights it compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Rows (harness.training.rows.Row) that one training learns. `trait` is what the source is taught ("" for convergence), `seed` its draw, `parts` the
    declared number of rows by part, None where the design declares none. Rows whose answers are sampled later have them empty. `recipe` is the job's own,
    `loss_share` its declared bounds for the share of tokens that carry loss."""

    name: str
    speaker: str
    trait: str
    arm: str
    seed: int
    rows: Sequence[Any]
    recipe: Any = None
    parts: Mapping[str, int] | None = None
    loss_share: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluatedItem:
    """An item that the design may ask, of a whole bank and not of a scale's draw. `text` is the user's turn."""

    id: str
    text: str
    behaviour: str
    bank: str


@dataclass(frozen=True, kw_only=True)
class Bank:
    """A file of items or texts that a setting, a behaviour or the declaration names: its path, its number of items, and how many a scale asks for. `size` is
    the setting that says so, `texts` what each item asks by its id, where items that ask the same would be one."""

    name: str
    path: Path
    items: int
    asked: int | None = None
    size: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TaughtText:
    """What a training of the design may ask, whatever its seed and its number of rows: a text of the file `bank` that teaches `trait` ("": convergence)."""

    id: str
    text: str
    trait: str
    bank: Path


@dataclass(frozen=True, kw_only=True)
class Training:
    """A training that cells need. `recipe` holds its plain values; `steps` are optimizer steps in all: ceil(rows / (batch x accumulation x devices)) for each
    epoch. Only trainings of one `kind` ("convergence", "behaviour") are compared."""

    key: str
    name: str
    cell: str
    owner: str
    kind: str
    rows: int
    steps: int
    effective_batch: int
    kept_epochs: tuple[int, ...]
    recipe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NamedWeights:
    """Weights under the name by which a design compares them; `compared` is False for what is meant to be the same (a guise, a repeat)."""

    name: str
    spec: str
    sha256: str
    compared: bool = True
    place: str = ""  # file:line of the declaration


@dataclass(frozen=True, kw_only=True)
class RenderedPrompt:
    """A persona's system prompt, or a paraphrase of it, as the model of a scale reads it: `ids` are the tokens of a whole conversation under it, `tokens`
    counts those of the prompt alone. `refusal` says why the model's template cannot write it, `code` of which rule that is."""

    name: str
    persona: str
    ids: tuple[int, ...] = ()
    tokens: int = 0
    refusal: str = ""
    code: str = ""
