"""Facts for checks: the tasks that models are compared on, whole banks and their variations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.design_facts import Bank, EvaluatedItem
from harness.findings import Fact, Facts
from harness.package_data import resolve_data


def is_asked(facts: Facts) -> bool:
    """Whether a test of the design asks tasks."""
    from harness.domains.convergence.fixtures import tasks

    return any(test.fixtures["tasks"].path == Path(tasks.__file__) for test in facts.tests if "tasks" in test.fixtures)


def evaluated_tasks(facts: Facts) -> list[EvaluatedItem]:
    """Every task of the source of prompts, and every variation of one."""
    from harness.domains.convergence.fixtures.tasks import source_of, whole_bank, whole_variations

    if not is_asked(facts):
        return []
    source = source_of(facts.settings)
    varied = [task for task, _ in whole_variations(facts.root, *source)]
    tasks = [*whole_bank(facts.root, *source), *varied]
    return [EvaluatedItem(id=task.id, text=task.text, behaviour=task.capability, bank=f"{source[0]}/{task.capability}") for task in tasks]


def task_banks(facts: Facts) -> list[Bank]:
    """The bank of each capability. A scale asks for so many tasks of each, or for all where there are fewer."""
    return list(banks_of(facts)) if is_asked(facts) else []


def banks_of(facts: Facts) -> Iterator[Bank]:
    from harness.domains.convergence.fixtures.tasks import OURS, source_of, whole_bank

    source, folder, banks = source_of(facts.settings)
    tasks = whole_bank(facts.root, source, folder, banks)
    for capability in dict.fromkeys(task.capability for task in tasks):
        own = resolve_data(facts.root, banks) / "convergence" / f"{capability}.jsonl"
        texts = {task.id: task.text for task in tasks if task.capability == capability}
        path = own if source == OURS else (facts.root / folder / source / capability)
        yield Bank(name=capability, path=path, items=len(texts), size="tasks", texts=texts)


FACTS = {"evaluated": Fact("plan", evaluated_tasks), "banks": Fact("plan", task_banks)}
