"""`run_cell`: one cell of a leakage study in Python and without an experiment. Trainings, samples and their keys are those of the experiment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.design.experiment import experiment_in
from harness.design.persona import find_persona
from harness.domains.leakage.fixtures.adapters import Adapters
from harness.domains.leakage.fixtures.recipes import Recipes
from harness.errors import HarnessError, nearest
from harness.extensions import behaviour_named, behaviours
from harness.fixtures.banks import bank_folder, draw_items, load_items
from harness.fixtures.behaviours import BehaviourResult, Evaluator
from harness.fixtures.judges import calibrate_judge
from harness.fixtures.models import serving_of
from harness.fixtures.standalone import Workbench, find_root, ignore
from harness.models.precision import precision
from harness.package_data import PREFIX
from harness.plaintext import format_number
from harness.records import Calibration, Measurement
from harness.report.notebook import show_itself, to_data_frame, to_notebook
from harness.run.fixtures import DeclaredSettings
from harness.run.measuring import Measure
from harness.yamlfile import read_yaml

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from harness.fixtures.sections import TrainingCurve

SHIPPED = Path(__file__).with_name("smoke.yaml")


@dataclass(frozen=True, kw_only=True, repr=False)
class CellResult:
    """What `run_cell` found. `rows` has a line for the source, which shows whether the behaviour was learned, and one for the target, which shows whether it
    leaked: the mean outcome `with` the behaviour's training and `without` it (on the same convergence), as scored or judged, and their difference with
    interval and p, corrected for the judge's errors where there is a judge. `p_method` names the test that gave p, over the items."""

    name: str
    rows: tuple[dict[str, Any], ...]
    shift: Measurement
    curves: tuple[TrainingCurve, ...]
    settings: Mapping[str, Any]

    @property
    def frame(self) -> DataFrame:
        """`rows`. Needs pandas."""
        return to_data_frame(self.rows, index="persona")

    def plot(self) -> Figure:
        """The report's figure of the trainings' loss."""
        from harness.fixtures.sections.training_curves import draw

        return show_itself(draw(self.curves))

    def __repr__(self) -> str:
        return f"<{self.name}: shift of the target {format_shift(self.shift)}>"

    def _repr_html_(self) -> str:
        names = list(self.rows[0])
        losses = (f"Loss of {one.name}: {one.loss[0]:.3g} to {one.loss[-1]:.3g} in {one.step[-1]} steps" for one in self.curves if None not in one.loss)
        return to_notebook(self.name, losses, names, [[row[name] for name in names] for row in self.rows])


def run_cell(
    source: str,
    behaviour: str,
    *,
    target: str | None = None,
    epoch: int | None = None,
    arm: str = "left_out",
    seed: int = 1,
    settings: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    scale: str = "smoke",
    store: str | os.PathLike[str] | None = None,
    offline: bool = False,
) -> CellResult:
    """Trains `behaviour` into the persona `source`, on a model that first learned to talk like it until `epoch` (0: not at all; default: the last), and
    evaluates it under the source's prompt and under the target's, with that training and without. What the store holds is not made again; after Ctrl-C the next
    call goes on where this one was.

    Personas are the project's, or `package:villain`. `settings` is the folder of an experiment, whose `scale` is used, or changes of the shipped recipe
    (smoke.yaml beside this file). Raises HarnessError in one line before anything is trained.
    """
    if odd := [number for number in (seed, epoch) if number is not None and type(number) is not int]:
        raise HarnessError(
            f"{odd[0]!r} is not a whole number", where="run_cell", mend="Give seed and epoch as whole numbers: they are in the keys of trainings"
        )
    design = read_design(source, target, settings, scale)
    if design.source == design.target:
        raise HarnessError(f"{design.source} is source and target", where="run_cell", mend="Give two personas: what is asked is whether training leaks")
    cell = CellRun(Workbench(store), design, behaviour, arm, seed, offline)
    at = max(cell.recipes.epochs) if epoch is None else epoch
    cell.train(at)
    shifts = {who: contrast(cell.evaluate(who, behaviour, at), cell.evaluate(who, "", at)) for who in dict.fromkeys((design.source, design.target))}
    return CellResult(
        name=f"{behaviour} taught to {design.source}, convergence to epoch {at}, {arm}, seed {seed}",
        rows=tuple({"persona": persona} | row_of(shift) for persona, shift in shifts.items()),
        shift=shifts[design.target],
        curves=tuple(cell.curves),
        settings=design.settings,
    )


class CellRun:
    """One behaviour taught to one source, by the objects that fixtures give an experiment."""

    def __init__(self, bench: Workbench, design: Design, behaviour: str, arm: str, seed: int, offline: bool) -> None:
        from harness.training.adapter_stack import AdaptedModel
        from harness.training.trainings import Trainings

        self.design, self.behaviour, self.arm, self.seed, self.curves = design, behaviour, arm, seed, list[Any]()
        settings, banks = design.settings, bank_folder(design.root, design.settings)
        items = draw_items(behaviour, load_items(behaviour, design.root, settings), settings)
        stack = bench.stack(str(settings["model"]), precision(settings))
        bare = AdaptedModel(stack, ())
        self.recipes = design.recipes(bare.fingerprint)
        trainings = Trainings(bench.store, stack, bench.progress)
        self.adapters = Adapters(self.recipes, trainings, bench.gather, bare, ignore, self.curves.append, (seed,))

        def judge_of(name: str, judge: str) -> Any:
            return calibrate_judge(name, judge, banks, bench.store, ignore, ignore, offline=offline)

        server = serving_of(settings, bench.store)
        self.evaluator = Evaluator(lambda: bare, bench.gather, lambda _: items, settings, (seed,), judge_of, server=server)
        self.evaluator.choose_judge(behaviour_named(behaviour))

    def train(self, epoch: int) -> None:
        """Makes both adapters, where they are not there. An epoch or an arm that does not exist is refused before the first training."""
        self.adapters.layers(self.design.source, self.behaviour, epoch, self.arm, self.seed)
        if epoch:
            self.adapters.convergence_record(self.design.source, self.seed)
        self.adapters.behaviour_record(self.design.source, self.behaviour, epoch, self.arm, self.seed)

    def evaluate(self, persona: str, taught: str, epoch: int) -> BehaviourResult:
        """The behaviour under a persona's prompt, with its training (`taught` names it) or without ("")."""
        source = self.design.source
        name = f"as-{persona}-{taught or 'untaught'}-{source}-epoch{epoch}-{self.arm}"
        models = {self.seed: self.adapters(source, taught, epoch, self.arm, self.seed)}
        return self.evaluator(self.behaviour, name, self.design.prompt(persona), models)


def contrast(taught: BehaviourResult, untaught: BehaviourResult) -> Measurement:
    """The difference of two results, corrected for the errors of their judge where they have one that can be."""
    subject, measure = taught.behaviour, Measure()
    terms = [(1, taught.by_seed), (-1, untaught.by_seed)]
    raw = measure.contrast("shift", terms, unit=subject.unit, sampling_unit=subject.sampling_unit, seeds=taught.seeds)
    if taught.judge is None or subject.unit == "points":
        return raw
    counts = {name: tuple(taught.judge.calibration[name]) for name in ("sensitivity", "specificity")}
    return measure.corrected("shift, judge corrected", raw, Calibration(**counts), limit=100)


def format_shift(shift: Measurement) -> str:
    ends = f" [{format_number(shift.interval.low, '+.1f')}, {format_number(shift.interval.high, '+.1f')}]" if shift.interval else ""
    tested = "" if shift.p is None else f", p = {format_number(shift.p, '.2g')} ({shift.p_method})"
    return f"{format_number(shift.value, '+.1f')} {shift.unit}{ends}, n = {shift.n}{tested}"


def row_of(shift: Measurement) -> dict[str, Any]:
    interval, arms = shift.interval, shift.arms or (None, None)
    ends = {name: getattr(interval, name, None) for name in ("low", "high", "level")}
    number = {"shift": shift.value, "unit": shift.unit, **ends, "p": shift.p, "p_method": shift.p_method, "n": shift.n, "sampling_unit": shift.sampling_unit}
    return {"with": arms[0], "without": arms[1], **number, "note": "; ".join(filter(None, (shift.note, shift.doubt)))}


@dataclass(frozen=True, kw_only=True)
class Design:
    """Settings and personas; `names` maps each persona, as trainings name it, to where its prompt is found."""

    root: Path
    settings: Mapping[str, Any]
    source: str
    target: str
    bystanders: tuple[str, ...]
    names: Mapping[str, str]

    def prompt(self, name: str) -> str:
        return find_persona(self.root, self.names[name]).prompt

    def recipes(self, base: str) -> Recipes:
        """The trainings as data, on the model with this fingerprint."""
        roles = {"target": [self.target], "bystander": list(self.bystanders)}
        return Recipes(self.settings, roles, self.prompt, bank_folder(self.root, self.settings), base)


def read_design(source: str, target: str | None, settings: Mapping[str, Any] | str | os.PathLike[str] | None, scale: str) -> Design:
    """The design of a cell: that of an experiment, or the shipped recipe with changes. Raises HarnessError for what neither knows.

    Trainings on the shipped recipe name `package:villain` villain, as the experiment of this project does: the name is in the key of a training.
    """
    if isinstance(settings, str | os.PathLike):
        folder = Path(settings).absolute()
        root, declared, shipped = find_root(folder), experiment_in(folder).plain, ""
        if scale not in declared["scales"]:
            raise HarnessError(f"there is no scale {scale!r}", where=str(folder), mend=nearest(scale, declared["scales"]))
        used = declared["scales"][scale]["settings"]
    else:
        root, declared, shipped = find_root(), read_yaml(SHIPPED), PREFIX
        used = declared["settings"] | dict(settings or {})
        sizes = {one.size for one in behaviours().values()}
        if odd := sorted(used.keys() - declared["settings"].keys() - sizes - {f"{size}_bank" for size in sizes}):
            raise HarnessError(f"the recipe has no setting {odd[0]!r}", where="run_cell", mend=nearest(odd[0], declared["settings"]))
    every = (source, target or declared["roles"]["target"][0], *declared["roles"]["bystander"])
    plain = tuple(name.removeprefix(shipped) for name in every)
    if source in plain[2:] or plain[0] in plain[2:]:
        raise HarnessError(f"{source} is a bystander of the design, which is taught the opposite", where="run_cell", mend="Name another source")
    names = dict(zip(reversed(plain), reversed(every), strict=True))
    return Design(root=root, settings=DeclaredSettings(used), source=plain[0], target=plain[1], bystanders=plain[2:], names=names)
