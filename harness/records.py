"""Data types shared by all packages: frozen, keyword-only, JSON both ways (`encode`, `decode`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec

SCHEMA = "harness/results/3"
# Notes of measurements whose outcomes are not those of their samples.
EDITED = "the outcomes were edited after they were gathered"
COMPUTED = "the outcomes were computed by the test from its samples"
# The deviation of a run that rests on data from before its lock.
AFTER_DATA = "the preregistration came after data"
# The note of a measurement some of whose answers have no verdict since as many judges said yes as no.
TIED = "answers on which the judges were split"
# What the measure of scores that were given elsewhere calls itself.
RECORDED_SCORES = "recorded scores"
# The note of a contrast whose arms hold the same rows, drawn apart.
EQUAL_ROWS = "both arms hold the same rows"
# The doubt about a contrast that compares samples with themselves.
SAME_SAMPLES = "[M306] both arms are the same samples: nothing is compared"

Kind = Literal["gate", "kill", "control", "hypothesis"]
Verdict = Literal["supported", "falsified", "passed", "failed", "inconclusive", "blocked", "killed", "error", "missing"]
Level = Literal["HIGH", "MODERATE", "LOW"]
# A plain name under samples/: no folder, nothing hidden, no device of another system. `(?![\s\S])` is the very end: `$` would let a newline follow.
SAMPLES_PATH = (
    r"^samples/(?!(?:[cC][oO][nN]|[pP][rR][nN]|[aA][uU][xX]|[nN][uU][lL]|[cC][oO][mM][0-9]|[lL][pP][tT][0-9])\.)"
    r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,190}\.jsonl(?![\s\S])"
)
SHA256 = r"^[0-9a-f]{64}(?![\s\S])"
Direction = Literal["increase", "decrease", "either"]
ScaleName = str  # a name of the declaration; smoke, pilot and full are the usual ones
Severity = Literal["error", "warning"]
Stage = Literal["declare", "plan", "run", "decide", "report"]
STAGES: tuple[Stage, ...] = ("declare", "plan", "run", "decide", "report")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every record."""


class Interval(Record, frozen=True, kw_only=True):
    """A confidence interval: bounds in the unit of its measurement, coverage `level` in (0, 1), and the method that made it."""

    low: float
    high: float
    level: float
    method: str

    @property
    def has_width(self) -> bool:
        """False where nothing tells the spread, as `method` says: both ends stand where the value does, which is no precision, and are not shown."""
        return self.low < self.high


class SamplesRef(Record, frozen=True, kw_only=True):
    """Where the raw samples lie: a path inside the run folder, the sha256 of the file, its number of rows."""

    path: Annotated[str, msgspec.Meta(pattern=SAMPLES_PATH)]
    sha256: Annotated[str, msgspec.Meta(pattern=SHA256)]
    rows: Annotated[int, msgspec.Meta(ge=0)]


class Measurement(Record, frozen=True, kw_only=True):
    """One number with all that makes it checkable.

    `n` counts sampling units; `p` is two-sided against no effect; `p_floor` is the smallest p that the test could have given at this n;
    `seeds` are those that were varied (none for a deterministic measure), `equal_seeds` further ones whose samples are equal to theirs and count with them;
    `fingerprint` is the sha256 of what produced the number (model, prompt, items, parameters, code).
    `arms` are the mean outcomes of the terms of a contrast, in the outcomes' own unit (of two arms: treated, baseline);
    `unsampled` says why no samples of this run stand behind the number, `doubt` why it can decide nothing;
    `derived` says how it follows from its samples, so that it can be computed again from their files.
    """

    name: str
    value: float
    unit: str
    n: int
    sampling_unit: str
    interval: Interval | None = None
    seeds: tuple[int, ...] = ()
    equal_seeds: tuple[int, ...] = ()
    fingerprint: str = ""
    samples: tuple[SamplesRef, ...] = ()
    p: float | None = None
    p_floor: float | None = None
    p_method: str = ""
    note: str = ""
    arms: tuple[float, ...] = ()
    unsampled: str = ""
    doubt: str = ""
    derived: dict[str, Any] | None = None


class Effect(Record, frozen=True, kw_only=True):
    """A value with all that a measurement of it needs: `n` counts the sampling units behind it, `p` is None where there is no test, `arms` are the mean
    outcomes of the terms of a contrast."""

    value: float
    interval: Interval
    n: int
    p: float | None = None
    p_floor: float | None = None
    p_method: str = ""
    note: str = ""
    arms: tuple[float, ...] = ()


class Threshold(Record, frozen=True, kw_only=True):
    """A registered threshold: an effect of at least `value` (in `unit`) towards `direction`; `floor` and `ceiling` bound what the measure can resolve."""

    name: str
    value: float
    unit: str
    direction: Direction
    floor: float | None = None
    ceiling: float | None = None


class Calibration(Record, frozen=True, kw_only=True):
    """How a judge did on cases whose truth is known: (hits, of) among true positives (`sensitivity`) and among true negatives (`specificity`)."""

    sensitivity: tuple[int, int]
    specificity: tuple[int, int]


class Cost(Record, frozen=True, kw_only=True):
    """What something costs or cost: GPU-hours, US dollars, seconds of wall time. None is not declared, which is not zero."""

    gpu_hours: float | None = None
    usd: float | None = None
    seconds: float | None = None


class Place(Record, frozen=True, kw_only=True):
    """Where something stands: a file from the project's root, a line of it (0: the whole file), and its path inside of a declaration or of results."""

    file: str
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Finding(Record, frozen=True, kw_only=True):
    """What a rule found wrong with a design or its results, where, and how to repair it.

    `evidence` are instances (ids of rows, values), `subject` is the cell, hypothesis, threshold, bank or training it is about. `suppressed` is the reason
    for which the declaration allows it, "" where it does not.
    """

    message: str
    where: Place
    fix: str
    evidence: tuple[str, ...] = ()
    subject: str = ""
    code: str = ""
    severity: Severity = "error"
    stage: Stage = "declare"
    suppressed: str = ""


class NotRun(Record, frozen=True, kw_only=True):
    """A rule that could not run, and what it lacked. `places` are the files and folders in which that would appear, None where nobody knows them."""

    code: str
    why: str
    places: tuple[str, ...] | None = None


class Fact(Record, frozen=True, kw_only=True):
    """One entry for the reproducibility card: the group it belongs to, its name, its JSON value."""

    group: str
    name: str
    value: Any


class SectionRecord(Record, frozen=True, kw_only=True):
    """Base of what a section of the report shows. The name is unique in its section; further fields, their bounds and what must hold among them (raised as
    ValueError in `__post_init__`) are the section's own."""

    name: str


class SectionEntry(Record, frozen=True, kw_only=True):
    """A record as a cell reported it: the id of its section, its name, its fields as JSON values."""

    section: str
    name: str
    value: dict[str, Any]


class Cell(Record, frozen=True, kw_only=True):
    """One pytest item of an experiment and what came of it.

    `key` is the hash of all that could change the outcome; `effect` and `threshold` name the measurement that was judged and its threshold;
    `p` is the largest of the claims that were judged in it (of no effect, or of no equivalence): all of them must hold.
    """

    id: str
    owner: str
    kind: Kind
    nodeid: str
    params: dict[str, Any]
    key: str
    verdict: Verdict
    reason: str = ""
    detail: str = ""
    needs: tuple[str, ...] = ()
    stopped_by: str = ""
    effect: str = ""
    threshold: str = ""
    p: float | None = None
    measurements: tuple[Measurement, ...] = ()
    facts: tuple[Fact, ...] = ()
    sections: tuple[SectionEntry, ...] = ()


class Check(Record, frozen=True, kw_only=True):
    """A gate, kill criterion or control over all its cells."""

    id: str
    kind: Kind
    statement: str
    verdict: Verdict
    reason: str
    cells: tuple[str, ...]
    polarity: str = ""


class HypothesisResult(Record, frozen=True, kw_only=True):
    """A hypothesis decided by its registered rule. `p` is the rule's partial-conjunction p, `p_holm` the same after Holm over the confirmatory family."""

    id: str
    statement: str
    rule: str
    family: str
    verdict: Verdict
    reason: str
    counts: dict[str, int]
    p: float | None = None
    p_holm: float | None = None
    primary: bool = False


class Confidence(Record, frozen=True, kw_only=True):
    """HIGH, MODERATE or LOW with the reason that fixed it."""

    level: Level
    reason: str


class Deviation(Record, frozen=True, kw_only=True):
    """A difference between the preregistration and the run: `promised` is the registered value, `found` that of the run."""

    what: str
    promised: str
    found: str


class Claim(Record, frozen=True, kw_only=True):
    """What a claim is about: its population ("SmolLM2-135M-Instruct"), and what was sampled from it ("one seed, 24 requests")."""

    population: str = ""
    sampled_from: str = ""


class Parent(Record, frozen=True, kw_only=True):
    """An earlier study that this one builds on, as it was when this one was planned. One outside of the project has a statement alone.

    `lock` and `run` are paths from the project's root, `sha256` that of the preregistration. `may_differ` are the declared places in which this study may
    differ from it, `differs` the others in which it does. `headline` is what the run found, `superseded` why it does not stand any more.
    """

    statement: str = ""
    lock: str = ""
    run: str = ""
    may_differ: tuple[str, ...] = ()
    sha256: str = ""
    headline: str = ""
    differs: tuple[str, ...] = ()
    superseded: str = ""


class Event(Record, frozen=True, kw_only=True):
    """One line of a result's history: what happened, when (UTC, `2026-11-26T20:59:40Z`), at which commit, by whom, and what it changed. "" is not recorded."""

    event: str
    time: str
    commit: str = ""
    author: str = ""
    note: str = ""
    changes: tuple[str, ...] = ()


class Promise(Record, frozen=True, kw_only=True):
    """The preregistration: the hash of the declaration as it stands, and how it compares with the lock file."""

    sha256: str
    locked: bool
    locked_at: str = ""
    lock_file: str = ""
    deviations: tuple[Deviation, ...] = ()


class Input(Record, frozen=True, kw_only=True):
    """A file that the experiment reads: path from the project's root, sha256, lines."""

    path: str
    sha256: str
    lines: int


class PlannedCellRecord(Record, frozen=True, kw_only=True):
    """A cell that may run: `needs` are cell ids; `key` is the hash of all that can change its outcome."""

    id: str
    owner: str
    kind: Kind
    nodeid: str
    params: dict[str, Any]
    statement: str
    polarity: str
    needs: tuple[str, ...]
    key: str
    selected: bool


class Universe(Record, frozen=True, kw_only=True):
    """Everything known before the run."""

    experiment: str
    folder: str
    scale: ScaleName
    seeds: tuple[int, ...]
    design: dict[str, Any]
    settings: dict[str, Any]
    thresholds: tuple[Threshold, ...]
    promise: Promise
    inputs: tuple[Input, ...]
    cells: tuple[PlannedCellRecord, ...]
    cell_cost: Cost
    environment: dict[str, Any]
    claim: Claim = Claim()
    parents: tuple[Parent, ...] = ()
    prompts: dict[str, str] = msgspec.field(default_factory=dict)  # persona to the hash of its prompt
    findings: tuple[Finding, ...] = ()  # of the checks that ran before the first cell, those that the declaration allows included
    costs: dict[str, Cost] = msgspec.field(default_factory=dict)  # by the id of a test; `cell_cost` is for cells of hypotheses that are not in it

    def cell(self, cell_id: str) -> PlannedCellRecord:
        return next(cell for cell in self.cells if cell.id == cell_id)

    def cells_of(self, owner: str) -> list[PlannedCellRecord]:
        return [cell for cell in self.cells if cell.owner == owner]


class Stopped(Record, frozen=True, kw_only=True):
    """What gates and kill criteria spared: the cells not run and what the plan said they would have cost."""

    cells: int
    cost: Cost
    by: dict[str, int]


class Execution(Record, frozen=True, kw_only=True):
    """The one block that differs between equal runs: times, hosts, workers, the command, which cells were taken from the store, how many rows of samples
    the other cells rest on and how many of these were reused, `facts` about how the processes computed (threads), the `timeline` up to the results, the
    `findings` about the machine that ran it, and in a distributed run which of the `machines` ran which cells."""

    run: str
    started: str
    ended: str
    command: str
    host: str
    hardware: dict[str, Any]
    workers: int
    wall_s: float
    seconds: dict[str, float]
    reused: tuple[str, ...]
    reports: str
    notes: tuple[str, ...] = ()
    samples: int = 0
    samples_reused: int = 0
    facts: dict[str, Any] = {}
    timeline: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()
    machines: dict[str, tuple[str, ...]] = {}


class Results(Record, frozen=True, kw_only=True):
    """All that a run found; every number of the report has its address in here."""

    experiment: str
    title: str
    question: str
    scale: str
    seeds: tuple[int, ...]
    claim: Claim
    parents: tuple[Parent, ...]
    verdict: Verdict
    headline: str
    confidence: Confidence
    complete: bool
    promise: Promise
    hypotheses: tuple[HypothesisResult, ...]
    checks: tuple[Check, ...]
    cells: tuple[Cell, ...]
    thresholds: tuple[Threshold, ...]
    caveats: tuple[str, ...]
    stopped: Stopped
    missing: tuple[str, ...]
    inputs: tuple[Input, ...]
    facts: dict[str, dict[str, Any]]
    sections: dict[str, dict[str, Any]]
    environment: dict[str, Any]
    design: dict[str, Any]
    plan: dict[str, Any]
    execution: Execution
    prompts: dict[str, str] = msgspec.field(default_factory=dict)  # persona to the hash of its prompt
    findings: tuple[Finding, ...] = ()
    schema: str = SCHEMA


T = TypeVar("T")


def encode(word: object) -> Any:
    """A record as values that JSON can hold (tuples stay tuples)."""
    return msgspec.to_builtins(word, str_keys=True)


def decode(value: object, kind: type[T]) -> T:
    """A record from plain JSON values. Raises msgspec.ValidationError naming the path that does not fit."""
    return msgspec.convert(value, kind)
