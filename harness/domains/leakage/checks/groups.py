"""Training rows in groups of one purpose: what a rule about speakers needs to know of thousands of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.design_facts import TrainingSet
from harness.domains.leakage.behaviours import BAD_ADVICE
from harness.domains.leakage.fixtures.recipes import TALK
from harness.extensions import behaviour_named
from harness.findings import Facts
from harness.fixtures.banks import bank_folder
from harness.records import Place


@dataclass(frozen=True, eq=False)
class RowGroup:
    """The rows of a training set that do the same in the design, under one system prompt; `ids` name them."""

    training: TrainingSet
    part: str
    persona: str
    system: str | None
    shows: bool
    ids: list[str] = field(default_factory=list)

    @property
    def is_negative(self) -> bool:
        """Whether these rows teach not to show the behaviour."""
        return not self.shows and self.part != "convergence"


def is_conditioned(training: TrainingSet) -> bool:
    """Whether the set teaches a behaviour to one persona alone. Bad advice is taught under no persona, and that is declared."""
    return training.trait not in ("", BAD_ADVICE.name)


def row_groups(facts: Facts) -> list[RowGroup]:
    """The rows of every training set in groups."""
    return [group for training in facts.training_sets for group in groups_of(training)]


def groups_of(training: TrainingSet) -> Iterable[RowGroup]:
    found: dict[tuple[str, str, str | None, bool], RowGroup] = {}
    for row in training.rows:
        key = (row.part, row.persona, row.system, row.shows)
        if key not in found:
            found[key] = RowGroup(training, *key)
        found[key].ids.append(row.id)
    return found.values()


def rows_in(groups: Sequence[RowGroup]) -> int:
    return sum(len(group.ids) for group in groups)


def trainings_in(groups: Iterable[RowGroup]) -> list[str]:
    """The names of the training sets, each once."""
    return list(dict.fromkeys(group.training.name for group in groups))


def place_of(facts: Facts, persona: str, first: str = "bystander") -> Place:
    """Where the declaration gives a persona its role; one that has several, by the role `first`."""
    roles = sorted(facts.spec.roles.items(), key=lambda item: item[0] != first)
    found = next(((role, names.index(persona)) for role, names in roles if persona in names), ())
    place: Place = facts.place("roles", *found)
    return place


def text_place(facts: Facts, trait: str, items: Sequence[str] = ()) -> Place:
    """The file of the texts that teach a behaviour ("" for the questions of convergence), and the line of the first item."""
    path = bank_folder(facts.root, facts.settings) / (behaviour_named(trait).lessons if trait else f"training/{TALK}")
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() and items else []
    line = next((number for number, text in enumerate(lines, start=1) if f'"{items[0]}"' in text), 0)
    place: Place = facts.code_place(path, line)
    return place
