"""The fields of the reproducibility card, read from fields.yaml, and which names are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.yamlfile import read_yaml

GROUPS = {
    "Model": r"(base )?models?\b(?! (answers|outputs|selection))",
    "Training": r"(training|train|fine ?tuning)\b(?! (data|dataset|curves?|loss|losses|dynamics))|(\w+ ){0,2}(sft|dpo|rlhf|grpo|ppo|lora)\b(?! data)",
    "Data": r"(training |train )?(data|datasets?)\b(?! (availability|sharing))",
    "Eval": r"(eval(uation)?s?|analysis)\b",
    "Compute": r"(compute|hardware)\b",
    "Environment": r"(environment|software)\b",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """The patterns of fields.yaml."""

    label: str
    named: str
    elsewhere: str = ""
    stated: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field is stated where each of its parts is."""

    code: str
    group: str
    parts: tuple[Part, ...]

    @property
    def label(self) -> str:
        return " and ".join(part.label for part in self.parts)


def read_fields() -> Iterator[Field]:
    for group, slugs in read_yaml(Path(__file__).with_name("fields.yaml")).items():
        for slug, parts in slugs.items():
            yield Field(code=f"card/{slug}", group=group, parts=tuple(Part(label=label, **patterns) for label, patterns in parts.items()))


FIELDS = tuple(read_fields())
# Fields that a row of the group under a name of its own states, too: below Eval `Capability` is a metric, below Models a provider's name stands before a model.
OWN_NAMES = {
    "card/eval-metric": r"filter\b|personas?\b",
    "card/model-base": r"source|version|licen[sc]e|param|architecture|dtype|weights|device|tokeni[sz]er|trainable",
}


def group_of(title: str) -> str | None:
    """The group that a heading, a label or a cell begins with: `Training — stage 2`, `EM LoRA (10 seeds)`."""
    name = next(iter(names_of(title)), "")
    return next((group for group, pattern in GROUPS.items() if re.match(pattern, name)), None)


def normal(name: str) -> str:
    """Lower case, with spaces for marks."""
    return " ".join(re.sub(r"[\W_]+", " ", name[:200].casefold()).split())


def names_of(name: str) -> tuple[str, ...]:
    """`Max seq length / precision` as its two names."""
    parts = re.split(r"[/+,&;:()—–·]|\band\b|\bor\b", name[:200].casefold())
    return tuple(filter(None, map(normal, parts)))


def is_named(part: Part, group: str, row_group: str | None, names: tuple[str, ...]) -> bool:
    """True where a row of one of those names, in its group, states the part."""
    if {group, row_group} == {"Data", "Eval"}:  # both have sources, sizes and versions
        return False
    pattern = part.named if row_group in (group, None) else part.elsewhere
    return bool(pattern) and any(re.search(pattern, name) for name in names)
