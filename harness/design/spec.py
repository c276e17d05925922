"""The form of `experiment.yaml`: what would change my mind, decided before the data."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, Strict, field_validator, model_validator

from harness.extensions import unit_named
from harness.records import Claim, Cost, ScaleName, Threshold
from harness.units import LEVELS, Unit
from harness.verdict.rule import Rule

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")]
# Strict: `yes` is no 1, "3" is no number, and 3.0 is no whole one. A union takes each value as what it is.
Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Positive = Annotated[int, Strict(), Field(ge=1)]
Scalar = str | Whole | Annotated[FiniteFloat, Strict()] | Annotated[bool, Strict()]


NO_BOUND = "none, because"


class Unreachable(ValueError):
    """A threshold that nothing can reach, by the code of the rule about it."""

    code = "S413"


class Part(BaseModel):
    """Base of the parts: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, allow_inf_nan=False)


class FromRole(Part):
    """An axis made of the personas that play a role."""

    role: str


def bounds_of(unit: str) -> Unit:
    """The bounds of a unit. One that nobody knows has none: it is refused where a declaration is read, and a run that was made with it can be reported."""
    return unit_named(unit) or (-math.inf, math.inf, "")


class CalibrationSpec(Part):
    """How often a judge was right on labelled answers, as (hits, of): the plan simulates its errors and their correction."""

    sensitivity: tuple[Whole, Positive]
    specificity: tuple[Whole, Positive]

    @model_validator(mode="after")
    def _counts(self) -> CalibrationSpec:
        for name, (hits, of) in (("sensitivity", self.sensitivity), ("specificity", self.specificity)):
            if not 0 <= hits <= of:
                raise ValueError(f"{name} {hits} of {of} cannot be: write [hits, of]")
        return self


class ThresholdSpec(Part):
    """A threshold: `value` in `unit` (pp, points, …), and the `direction` in which the effect must go; `expected_baseline` and `expected_effect` (and `n`, a
    number or a setting) feed the simulation.

    Units other than pp, and differences in pp whose outcomes are no rates, declare `sd`: the SD of the effect between units. `calibration` is that of the
    judge whose rates are corrected. `seed_sd` is the SD of the effect between seeds, in the same unit, from a sister study or an earlier run: the plan
    compares the threshold with it.
    `not_simulated` says why no power can be given. `floor: none, because …` (or `ceiling:`) says why there is no such bound; `unbounded` keeps the reason.
    A unit that a domain simulates needs `n`, `expected_effect` and, under `simulation`, what that domain asks for: numbers, or settings that hold them.
    """

    value: Number = Field(gt=0)
    unit: str
    direction: Literal["increase", "decrease", "either"]
    floor: Number | None = None
    ceiling: Number | None = None
    unbounded: str | None = Field(default=None, min_length=10)
    expected_baseline: Number | None = Field(default=None, ge=0, le=1)
    expected_effect: Number | None = Field(default=None, gt=0)
    n: str | Positive | None = None
    sd: Number | None = Field(default=None, gt=0)
    calibration: CalibrationSpec | None = None
    seed_sd: Number | None = Field(default=None, gt=0)
    not_simulated: str = ""
    simulation: dict[str, str | Annotated[FiniteFloat, Strict(), Field(ge=0)]] = {}

    @model_validator(mode="before")
    @classmethod
    def _argued_bounds(cls, value: Any) -> Any:
        """`floor: none, because …` becomes no floor, and the reason."""
        argued = [side for side in ("floor", "ceiling") if isinstance(value, dict) and str(value.get(side)).startswith(NO_BOUND)]
        reasons = [value[side].removeprefix(NO_BOUND).strip() for side in argued]
        return value | dict.fromkeys(argued) | {"unbounded": reasons[0]} if reasons else value

    @model_validator(mode="after")
    def _value_in_unit(self) -> ThresholdSpec:
        _, largest, _ = bounds_of(self.unit)
        if self.value > largest:
            raise Unreachable(f"{self.value:g} {self.unit} can never be reached: the largest is {largest:g}")
        return self

    @model_validator(mode="after")
    def _bounds_possible(self) -> ThresholdSpec:
        low, high = LEVELS.get(self.unit, bounds_of(self.unit)[:2])
        for side, bound in (("floor", self.floor), ("ceiling", self.ceiling)):
            if bound is not None and not low <= bound <= high:
                raise ValueError(f"the {side} {bound:g} lies where no level of a {self.unit} threshold can be: it is {low:g} to {high:g}")
        return self

    @model_validator(mode="after")
    def _bounds_in_order(self) -> ThresholdSpec:
        if self.floor is not None and self.ceiling is not None and self.floor >= self.ceiling:
            raise ValueError(f"the floor {self.floor:g} is not below the ceiling {self.ceiling:g}")
        return self

    def word(self, name: str) -> Threshold:
        """The threshold as tests are passed it. Where the declaration argues that it has no bound, that is the end of what outcomes can be."""
        low, high = LEVELS.get(self.unit, (None, None)) if self.unbounded else (None, None)
        floor, ceiling = low if self.floor is None else self.floor, high if self.ceiling is None else self.ceiling
        return Threshold(name=name, value=self.value, unit=self.unit, direction=self.direction, floor=floor, ceiling=ceiling)


class CriterionSpec(Part):
    """What a cell asserts, for the simulation: its name, a threshold (default: that of the cell), what is asked of it, and the arms with their weights. The
    effect is in the arm `after`; a level has that arm alone."""

    name: str = ""
    threshold: str = ""
    asks: Literal["holds", "within", "exceeds"] = "holds"
    arms: dict[str, Number | Whole] = Field(default={"after": 1, "before": -1}, min_length=1)


class HypothesisSpec(Part):
    """A rule over cells. `cells` names the axes, `rule` how many of their values must hold. `family` says whether it is confirmatory, and so corrected with
    the others, or exploratory. `thresholds` names those that its cells must reach.

    `criteria` are what each cell asserts, in order (default: that each of its thresholds holds). With `threshold_axis`, the value of that axis is the name of
    a cell's threshold. `guarded_by` names the controls that guard it (default: all). `falsified_by` names the negative controls and canaries whose violation
    falsifies it, whatever its own cells say; they guard it as well.
    """

    cells: tuple[str, ...]
    rule: Rule
    family: Literal["confirmatory", "exploratory"] = "confirmatory"
    thresholds: tuple[str, ...] = ()
    criteria: tuple[CriterionSpec, ...] = ()
    threshold_axis: str = ""
    guarded_by: tuple[str, ...] | None = None
    falsified_by: tuple[str, ...] | None = Field(default=None, min_length=1)


class CostSpec(Part):
    """What one cell is expected to cost: `gpu_hours`, `usd` (US dollars of all calls), `seconds`. `judge_usd` is the part of `usd` that judges cost. What is
    left out is not declared, which is not zero."""

    gpu_hours: Number | None = Field(default=None, ge=0)
    usd: Number | None = Field(default=None, ge=0)
    judge_usd: Number | None = Field(default=None, ge=0)
    seconds: Number | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _judges_are_a_part(self) -> CostSpec:
        if self.judge_usd is not None and (self.usd is None or self.judge_usd > self.usd):
            raise ValueError("judge_usd is the part of usd that judges cost: declare usd, and no less")
        return self

    def word(self, gpus: int | None = None) -> Cost:
        """The cost; GPU-hours that are not declared are those of `gpus` held for its seconds."""
        held = 0.0 if gpus == 0 else None if gpus is None or self.seconds is None else gpus * self.seconds / 3600
        return Cost(gpu_hours=held if self.gpu_hours is None else self.gpu_hours, usd=self.usd, seconds=self.seconds)


class ScaleSpec(Part):
    """One size of the experiment. `settings` are free, for the tests; `axes` are those that differ, `seeds` those of the run.

    `costs` holds, by the id of a gate, kill, control or hypothesis, what one cell of it costs; `cell_cost` is for hypotheses that are not in it. `gpus` is how
    many GPUs are held meanwhile: GPU-hours follow from the seconds.
    `claim`, `rules` and `thresholds` replace, at this scale, the claim, the rule of a hypothesis and fields of a threshold: a small scale has a smaller model
    and fewer cells, and sees less.
    """

    settings: dict[str, Scalar] = {}
    axes: dict[str, tuple[Scalar, ...] | FromRole] = {}
    seeds: tuple[Whole, ...] = Field(default=(1,), min_length=1)
    cell_cost: CostSpec = CostSpec()
    gpus: Annotated[int, Strict(), Field(ge=0)] | None = None
    costs: dict[str, CostSpec] = {}
    claim: ClaimSpec | None = None
    rules: dict[Name, Rule] = {}
    thresholds: dict[Name, dict[str, Any]] = {}

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: tuple[Whole, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice; keep one of them")
        return seeds


class ClaimSpec(Part):
    """What the claim is about: `population` ("SmolLM2-135M-Instruct", "two small models"), and `sampled_from`, what is sampled from it."""

    population: str = Field(min_length=1, max_length=120)
    sampled_from: str = Field(default="", max_length=300)

    def word(self) -> Claim:
        return Claim(population=self.population, sampled_from=self.sampled_from)


class ParentSpec(Part):
    """An earlier study. `lock` is the folder of an experiment, its lock file or its sha256; `run` the folder of a run: paths from the project's root. A study
    outside of the project has a `statement` alone, and so has a parent that is only a text. `may_differ` names what may be otherwise than there:
    `thresholds`, `settings/behaviour_lr`, `data/banks/open_questions.jsonl`."""

    statement: str = ""
    lock: str = ""
    run: str = ""
    may_differ: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"statement": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_one(self) -> ParentSpec:
        if not (self.statement or self.lock or self.run):
            raise ValueError("a parent has a statement, a lock or a run")
        if self.may_differ and not (self.lock or self.run):
            raise ValueError("may_differ compares with a lock or a run, and neither is named")
        return self


class AllowSpec(Part):
    """A finding of `harness check` that is allowed, and why. `where` narrows it: a path of the declaration (`roles/source`), the subject of the finding, or a
    pattern of its file; `scales` are those at which it is allowed (default: all)."""

    why: str = Field(min_length=20, max_length=500)
    where: str = ""
    scales: tuple[Name, ...] = ()


class BudgetSpec(Part):
    """What the whole experiment may cost; None is no bound."""

    usd: Number | None = Field(default=None, ge=0)
    gpu_hours: Number | None = Field(default=None, ge=0)


class TrajectorySpec(Part):
    """A figure for the report: the measurements `lines` of the cells of the test `of`, over the axis `x`, in a grid of panels `rows` by `columns`.

    It says what is drawn, not what is measured: no cell depends on it.
    """

    of: str
    x: str
    lines: tuple[str, ...] = Field(min_length=1)
    rows: str
    columns: str = ""

    @property
    def axes(self) -> dict[str, str]:
        """Key to the axis that it names; a grid without columns names two."""
        return {key: axis for key, axis in (("x", self.x), ("rows", self.rows), ("columns", self.columns)) if axis or key != "columns"}

    @model_validator(mode="after")
    def _each_once(self) -> TrajectorySpec:
        for what, names in (("axis", tuple(self.axes.values())), ("measurement", self.lines)):
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ValueError(f"the {what} {twice[0]!r} stands twice; name each once")
        return self


class ExperimentSpec(Part):
    """The whole declaration. `id` is the name of its folder, `title` the head of the report, `question` what the experiment asks. `roles` holds the personas
    that play each part, such as target and source. `axes` holds the values over which a hypothesis has cells; `{role: source}` stands for the personas of a
    role. `thresholds` holds the effects that count, by name. `hypotheses` holds the rules over cells, and `primary` names the one that decides the verdict.
    `alpha` is how often a rule may pass when nothing is there. `inputs` names the files that tests read, as patterns from the project's root. `scales` holds
    the sizes of the experiment: settings, seeds and costs. `next_steps` are sentences for the end of the report. `argued` names personas that play two roles,
    with the reason, or with one for each pair of roles: `{assistant: {target & degenerate: reason}}`. `matched` says what the arms have in common, `confounded`
    what the design cannot separate from the effect: both are shown beside the method. `power` is the smallest that a hypothesis may have without a finding
    (default: .8). `allow` names findings of checks, by their code, that are allowed."""

    id: Name
    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    claim: ClaimSpec | None = None
    matched: tuple[str, ...] = ()
    confounded: tuple[str, ...] = ()
    parents: tuple[ParentSpec, ...] = ()
    roles: dict[str, tuple[str, ...]] = {}
    argued: dict[str, str | Annotated[dict[str, str], Field(min_length=1)]] = {}
    axes: dict[Name, tuple[Scalar, ...] | FromRole] = {}
    thresholds: dict[Name, ThresholdSpec] = {}
    hypotheses: dict[Name, HypothesisSpec] = Field(min_length=1)
    primary: str
    alpha: Number = Field(default=0.05, gt=0, lt=1)
    power: Number | None = Field(default=None, gt=0, lt=1)
    inputs: tuple[str, ...] = ()
    scales: dict[Name, ScaleSpec] = Field(min_length=1)
    budget: BudgetSpec = BudgetSpec()
    next_steps: tuple[str, ...] = ()
    trajectories: dict[Name, TrajectorySpec] = {}
    allow: dict[str, tuple[AllowSpec, ...]] = {}

    @field_validator("allow", mode="before")
    @classmethod
    def _as_lists(cls, value: Any) -> Any:
        return {code: entries if isinstance(entries, list | tuple) else [entries] for code, entries in value.items()} if isinstance(value, dict) else value

    def axis(self, name: str, scale: ScaleName) -> tuple[Scalar, ...]:
        """The values of an axis at a scale; `{role: …}` stands for the personas that play it."""
        values = self.scales[scale].axes.get(name, self.axes[name])
        return self.roles[values.role] if isinstance(values, FromRole) else values

    def claim_at(self, scale: ScaleName) -> Claim:
        """What the claim is about at a scale; empty where it is not declared."""
        declared = self.scales[scale].claim or self.claim
        return declared.word() if declared else Claim()

    def at(self, scale: ScaleName) -> ExperimentSpec:
        """The declaration with the rules and thresholds of a scale. Raises pydantic's ValidationError for a field that a threshold does not have."""
        own = self.scales[scale]
        if not own.rules and not own.thresholds:
            return self
        hypotheses = {name: part.model_copy(update={"rule": own.rules.get(name, part.rule)}) for name, part in self.hypotheses.items()}
        thresholds = {name: ThresholdSpec.model_validate(part.model_dump() | own.thresholds.get(name, {})) for name, part in self.thresholds.items()}
        return self.model_copy(update={"hypotheses": hypotheses, "thresholds": thresholds})

    def personas(self) -> tuple[str, ...]:
        """All personas that play a role, sorted."""
        return tuple(sorted({persona for names in self.roles.values() for persona in names}))
