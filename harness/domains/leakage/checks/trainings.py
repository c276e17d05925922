"""Whether the trainings that a design compares were made alike, and whether the checkpoints that it asks for are kept."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.design_facts import Training
from harness.findings import Facts, found, rule
from harness.records import Finding, Place

NEEDS = ("spec", "catalogue", "trainings")
STEPS = ("steps", "rows", "epochs", "batch", "accumulation", "effective_batch")
# Names under which an axis may vary a field of the recipe on purpose; a stage may stand before them (`behaviour_lr`).
ALIASES = {"learning_rate": ("lr", "learning_rate"), "lora.r": ("r", "rank", "lora_r"), "lora.last_layers": ("last_layers", "layers")}
# Compared as the effective batch; which checkpoints stay; what the setting marker_loss declares for the marker alone.
LEFT_OUT = ("batch", "accumulation", "keep", "loss_on", "marker")


@rule("T202", "effective batch or steps differ", needs=NEEDS, source="D18: the effective batch changed silently between cells that were compared")
def find_unequal_steps(facts: Facts) -> Iterable[Finding]:
    """A training of more steps, or of other batches, differs in more than what the hypothesis is about. Compared are the trainings of one kind that the cells
    of a hypothesis and of the controls that guard it need: rows, effective batch (batch x accumulation, on one device) and steps in all. What an axis of
    theirs varies on purpose (`batch`, `rows`, `epochs`) may differ. Fixtures `recipes` and `settings` of the project are read; trainings that it makes in
    another way are not seen.

    Bad: the arm with the target among the negatives has 48 rows and 24 steps, the other 32 rows and 16 steps, and H2 compares them.

    Good: as many rows in both arms.
    """
    for name, kind, group in compared(facts):
        for field, values in (("effective batch", by_value(group, lambda one: one.effective_batch)), ("steps", by_value(group, lambda one: one.steps))):
            if len(values) > 1 and not is_meant(facts, group, STEPS, lambda one: (one.steps, one.rows, one.effective_batch)):
                yield unequal(facts, name, kind, field, values)


@rule("T203", "other recipe fields differ", needs=NEEDS, source="D13: the control was trained with another learning rate and for other epochs")
def find_unequal_recipes(facts: Facts) -> Iterable[Finding]:
    """A control that was trained by another recipe controls nothing. Compared are the trainings that T202 compares, in all other fields: learning rate, epochs,
    schedule, warm-up, decay, clipping, length, and the adapter's shape. What an axis of theirs varies on purpose may differ: an axis named like the field
    (`lr`, `rank`), or whose values are the field's. That the marker alone may take its loss on itself is declared by the setting marker_loss.

    Bad: a fixture `recipes` of the conftest that trains the negative control at a tenth of the learning rate.

    Good: one recipe for all, or an axis `learning_rate` over both.
    """
    for name, kind, group in compared(facts):
        for field in sorted({field for one in group for field in flat(one.recipe)} - set(LEFT_OUT)):
            values = by_value(group, lambda one, field=field: flat(one.recipe).get(field))
            names = ALIASES.get(field, (field.rpartition(".")[2],))
            if len(values) > 1 and not is_meant(facts, group, names, lambda one, field=field: (flat(one.recipe).get(field),)):
                yield unequal(facts, name, kind, field.replace("_", " "), values)


def compared(facts: Facts) -> Iterator[tuple[str, str, list[Training]]]:
    """(hypothesis, kind, trainings of its cells and of the controls that guard it)."""
    controls = [owner for owner in facts.catalogue.owners if facts.catalogue.kind(owner) == "control"]
    for name, hypothesis in facts.spec.hypotheses.items():
        owners = {name, *(controls if hypothesis.guarded_by is None else hypothesis.guarded_by), *(hypothesis.falsified_by or ())}
        groups = defaultdict(list)
        for training in facts.trainings:
            if training.owner in owners:
                groups[training.kind].append(training)
        for kind, group in groups.items():
            yield name, kind, group


def by_value(group: Sequence[Training], value: Any) -> dict[Any, Training]:
    """Each value, with the first training that has it."""
    found: dict[Any, Training] = {}
    for one in group:
        found.setdefault(str(value(one)), one)
    return found


def flat(recipe: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """The fields of a recipe, those of its adapter as `lora.r`."""
    return {
        name: value
        for field, inner in recipe.items()
        for name, value in (flat(inner, f"{field}.").items() if isinstance(inner, Mapping) else [(f"{before}{field}", inner)])
    }


def is_meant(facts: Facts, group: Sequence[Training], names: Sequence[str], values: Any) -> bool:
    """Whether an axis of the cells varies a field: by its name, or because the field has the axis' value in every training."""
    cells = facts.catalogue.cells
    axes = {axis for one in group for axis in cells[one.cell].params}
    if any(axis == name or axis.endswith(f"_{name}") for axis in axes for name in names):
        return True
    return any(
        len({cells[one.cell].params.get(axis) for one in group}) > 1 and all(cells[one.cell].params.get(axis) in values(one) for one in group) for axis in axes
    )


def unequal(facts: Facts, name: str, kind: str, field: str, values: Mapping[str, Training]) -> Finding:
    shown = " and ".join(sorted(values, key=lambda value: (len(value), value)))
    told = f"{kind} trainings that {name} compares differ in {field} ({shown}): what is seen may come from that"
    evidence = [f"{one.name} in {one.cell}: {value}" for value, one in values.items()]
    return found(told, where=facts.place("hypotheses", name), fix="Train them alike, or make it an axis", evidence=evidence, subject=name)


class Asked(NamedTuple):
    """An epoch of convergence that something asks for."""

    epoch: int
    where: Place


@rule("T201", "checkpoint not kept", needs=("experiment", "settings", "sources"), source="T1: a checkpoint was asked for that training had never saved")
def find_unkept_epochs(facts: Facts) -> Iterable[Finding]:
    """A training keeps the checkpoints of the epochs that `convergence_keep` names, and of the last. A cell that asks for another fails in the middle of the
    run, after everything before it was trained. Read are the axis `epoch` at the scale in force, and epochs in the code of the tests: numbers, settings
    and other axes that are passed as `epoch`. Epoch 0 is the model without convergence. Epochs that code computes are not seen.

    Bad: `epoch: [0, 2, 5]` with `convergence_keep: "2 8"`.

    Good: `epoch: [0, 2, 8]`, or 5 among the epochs that are kept.
    """
    if "convergence_keep" not in facts.settings:
        return
    last, words = int(facts.settings["convergence_epochs"]), str(facts.settings["convergence_keep"]).split()
    where = facts.place("scales", facts.scale, "settings", "convergence_keep")
    kept = {int(word) for word in words if word.isdecimal()} | {last}
    if odd := [word for word in words if not word.isdecimal() or not 1 <= int(word) <= last]:
        fix = f"Name epochs from 1 to {last}, with blanks between them"
        yield found(f"convergence_keep asks to keep {', '.join(odd)}, and training has {last} epochs", where=where, fix=fix, subject="epoch")
    for asked in dict.fromkeys([*axis_epochs(facts), *code_epochs(facts)]):
        if asked.epoch and asked.epoch not in kept:
            told = f"epoch {asked.epoch} is asked for, and the checkpoints of {', '.join(map(str, sorted(kept)))} are kept"
            yield found(told, where=asked.where, fix=f"Ask for an epoch that is kept, or add {asked.epoch} to convergence_keep", subject="epoch")


def axis_epochs(facts: Facts, axis: str = "epoch") -> Iterator[Asked]:
    """The values of an axis of epochs at the scale in force."""
    if axis in facts.experiment.axes:
        own = axis in facts.experiment.plain["scales"][facts.scale]["axes"]
        where = facts.place("scales", facts.scale, "axes", axis) if own else facts.place("axes", axis)
        yield from (Asked(value, where) for value in facts.experiment.axis(axis, facts.scale) if isinstance(value, int))


def code_epochs(facts: Facts) -> Iterator[Asked]:
    """What the code of the tests passes as `epoch`, to our fixtures or to functions of the project."""
    places = {"evaluate_persona": 3, "adapters": 2} | {name: place for tree in facts.sources.values() for name, place in epoch_arguments(tree)}
    for path, tree in facts.sources.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [word.value for word in node.keywords if word.arg == "epoch"]
                place = places.get(node.func.id)
                given += [] if place is None else node.args[place : place + 1]
                yield from (asked for value in given for asked in epochs_in(facts, path, value))
            elif isinstance(node, ast.comprehension | ast.For) and isinstance(node.target, ast.Name) and node.target.id == "epoch":
                values = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
                yield from (asked for value in values for asked in epochs_in(facts, path, value))


def epoch_arguments(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, place of the argument `epoch`) of functions that have one; a fixture that defines such a function is called by its own name."""
    for outer in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for inner in (outer, *outer.body):
            if isinstance(inner, ast.FunctionDef) and "epoch" in (names := [one.arg for one in inner.args.args]):
                yield outer.name, names.index("epoch")


def epochs_in(facts: Facts, path: Path, value: ast.expr) -> Iterator[Asked]:
    """The epochs that an expression is: a number, an axis, or a setting."""
    where = facts.code_place(path, value.lineno)
    if isinstance(value, ast.Constant) and type(value.value) is int:
        yield Asked(value.value, where)
    elif isinstance(value, ast.Name) and value.id != "epoch":
        yield from (Asked(asked.epoch, where) for asked in axis_epochs(facts, value.id))
    else:
        names = [node.slice.value for node in ast.walk(value) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)]
        yield from (Asked(facts.settings[name], where) for name in names if type(facts.settings.get(name)) is int)
