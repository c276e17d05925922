"""The fixtures of the plugin: what a test may ask the house for. Models, banks and populations come from the project's own `fixtures/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.design.paths import FILE_NAME
from harness.errors import HarnessError, Inconclusive, nearest
from harness.records import Fact, Measurement, SectionRecord
from harness.run.measuring import Measure
from harness.run.recorder import Answer
from harness.run.sampling import Gathering
from harness.store import Store
from harness.verdict.criterion import Criterion, require_level_of

if TYPE_CHECKING:
    from harness.design.persona import Persona
    from harness.run.context import Context
    from harness.run.parent_run import ParentRun


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Any:
    """What the running cell says is written down here."""
    runner = request.config.stash.get(RUNNER, None)
    found = runner.running.get(request.node.nodeid) if runner else None
    if found is None:
        raise HarnessError(f"{request.node.name} is no cell of an experiment", mend="Declare it with @hypothesis, @gate, @kill or @control")
    return found


@pytest.fixture
def measure(recorder: Any) -> Measure:
    """Records measurements: `measure.rate`, `mean`, `shift`, `contrast`, `standardised`, `corrected`, `correlation`, or `measure(name, value, unit, n=…)`."""
    return recorder.measure  # type: ignore[no-any-return]


@pytest.fixture
def facts(recorder: Any) -> Callable[[str, str, Any], None]:
    """`facts(group, name, value)` adds an entry to the reproducibility card; the group `Execution` is for what differs between equal runs."""

    def add(group: str, name: str, value: Any) -> None:
        if group == "Execution":
            recorder.execution[name] = value
            return
        fact = Fact(group=group, name=name, value=value)
        if fact not in recorder.facts:
            recorder.facts.append(fact)

    return add


@pytest.fixture
def report(recorder: Any) -> Callable[[SectionRecord], None]:
    """`report(record)` adds a record to its section of the report; its type says which section that is."""

    def add(record: SectionRecord) -> None:
        from harness.report.sections import entry_of

        entry = entry_of(record)
        if any((entry.section, entry.name) == (one.section, one.name) and entry != one for one in recorder.sections):
            raise HarnessError(f"two records of the section {entry.section!r} are named {entry.name!r}", mend="Give each its own name")
        if entry not in recorder.sections:
            recorder.sections.append(entry)

    return add


@pytest.fixture
def findings(recorder: Any, pytestconfig: pytest.Config) -> Callable[..., list[str]]:
    """`findings("D1", "T204")`: what the rules with these codes, or with codes that begin so, find in the design of this experiment and nothing allows, a line
    each: `assert not findings("D1")`. A rule that cannot run here is an error of the cell, which then says nothing of the design."""

    def find(*codes: str) -> list[str]:
        from harness.findings import line_of
        from harness.run.checks import find_in_design, project_checks, rule_files, rules_named

        own = project_checks(pytestconfig)
        recorder.files |= recorder.active.imported.code_of(rule_files(rules_named(codes, own)))  # what is kept of this cell holds for these rules
        return [line_of(finding) for finding in find_in_design(recorder.active, codes, own)]

    return find


@pytest.fixture
def criterion(recorder: Any) -> Callable[[str], Criterion]:
    """`criterion("capability").holds(shift)`: the registered threshold of that name."""
    thresholds = {threshold.name: threshold for threshold in recorder.active.universe.thresholds}

    def registered_criterion(name: str) -> Criterion:
        if name not in thresholds:
            raise HarnessError(f"there is no threshold {name!r}", mend=f"Known: {', '.join(thresholds)}")
        return RecordingCriterion(thresholds[name], recorder)

    return registered_criterion


class RecordingCriterion(Criterion):
    """A criterion whose every answer counts in its cell.

    The cell's p is the largest over all the claims judged in it: a cell that makes several holds where all of them do (intersection-union, Berger 1982).
    """

    def __init__(self, threshold: Any, recorder: Any) -> None:
        super().__init__(threshold)
        self._recorder = recorder

    def holds(self, shift: Measurement, *, baseline: Measurement | None = None, treated: Measurement | None = None) -> bool:
        self._require_own(shift, *(level for level in (baseline, treated) if level is not None))
        for level in (baseline, treated):
            if level is not None:
                require_level_of(level, shift, self.threshold)
        answer = self._ask(
            lambda: super(RecordingCriterion, self).holds(shift, baseline=baseline, treated=treated), shift, lambda answer: self.describe_answer(shift, answer)
        )
        self._claim(shift.p)
        return answer

    def within(self, shift: Measurement) -> bool:
        self._require_own(shift)
        answer = self._ask(lambda: super(RecordingCriterion, self).within(shift), shift, lambda answer: self.describe_equivalence(shift, answer))
        self._claim(self.equivalence_p(shift))
        return answer

    def exceeds(self, level: Measurement) -> bool:
        self._require_own(level)
        answer = self._ask(lambda: super(RecordingCriterion, self).exceeds(level), level, lambda answer: self.describe_level(level, answer))
        self._claim(self.exceed_p(level))
        return answer

    def _require_own(self, *measured: Measurement) -> None:
        """Raises HarnessError for what was not measured in this cell: numbers of another cell, or altered ones, have no samples behind them here."""
        for found in measured:
            if not any(found is taken for taken in self._recorder.measure.taken):
                told = f"{getattr(found, 'name', repr(found))} was not measured by this cell, or was altered since"
                raise HarnessError(told, mend="Give what this cell's own `measure` returned, as it is", code="M303")

    def _ask(self, ask: Callable[[], bool], measured: Measurement, in_words: Callable[[bool], str]) -> bool:
        """The answer of a criterion, which counts from then on whatever the test does with it; so does that it cannot tell."""
        self._recorder.judged = (measured.name, self.threshold.name)
        try:
            answer = ask()
        except Inconclusive as error:
            self._recorder.answers.append(Answer(None, str(error), measured.name, self.threshold.name))
            raise
        told = in_words(answer) + (f"; it rests on no samples of this run: {measured.unsampled}" if measured.unsampled else "")
        self._recorder.answers.append(Answer(answer, told, measured.name, self.threshold.name))
        return answer

    def _claim(self, p: float | None) -> None:
        """Keeps the larger p. A claim without one was judged by its interval alone and leaves the others' p as it is."""
        if p is not None:
            self._recorder.p = p if self._recorder.p is None else max(p, self._recorder.p)


class DeclaredSettings(dict[str, Any]):
    """The settings by name; one that is not declared is a mistake, told with the nearest name. `get` and `in` answer as those of any mapping."""

    def __missing__(self, name: object) -> Any:
        raise HarnessError(f"there is no setting {name!r}", where=f"{FILE_NAME}: scales", mend=nearest(str(name), self))


@pytest.fixture
def settings(recorder: Any) -> DeclaredSettings:
    """The settings of the scale in force, as declared in experiment.yaml."""
    return DeclaredSettings(recorder.active.universe.settings)


@pytest.fixture
def seeds(recorder: Any) -> tuple[int, ...]:
    """The seeds in force: those of the scale, or --harness-seeds. A test that takes `seed` instead is repeated over them."""
    return recorder.active.universe.seeds  # type: ignore[no-any-return]


@pytest.fixture
def context(recorder: Any) -> Context:
    """What the running cell knows of its run: scale, settings, values on the axes, folders, budgets."""
    from harness.run.context import context_of

    return context_of(recorder)


@pytest.fixture
def roles(recorder: Any) -> dict[str, tuple[str, ...]]:
    """Role to personas, as declared."""
    return dict(recorder.active.experiment.spec.roles)


@pytest.fixture
def parents(recorder: Any) -> tuple[ParentRun, ...]:
    """The runs that experiment.yaml names under `parents` and that were made at this scale, as `ParentRun`."""
    from harness.run.parent_run import parent_runs

    universe = recorder.active.universe
    return parent_runs(universe, Path(recorder.active.settings.root), universe.scale)


@pytest.fixture
def parents_at(recorder: Any) -> Callable[[str], tuple[ParentRun, ...]]:
    """`parents_at("screening")`: the same of another scale, for a level that builds on an earlier one."""
    from harness.run.parent_run import parent_runs

    return lambda scale: parent_runs(recorder.active.universe, Path(recorder.active.settings.root), scale)


@pytest.fixture
def persona_of(recorder: Any) -> Callable[[str], Persona]:
    """`persona_of("villain")`: a persona that plays a role in this experiment."""
    experiment, root = recorder.active.experiment, recorder.active.settings.root

    def load_persona(name: str) -> Persona:
        if name not in experiment.spec.personas():
            mend = "Declare it under roles:, so that the lock covers its prompt"
            raise HarnessError(f"persona {name!r} plays no role in {experiment.spec.id}", mend=mend, code="D119")
        from harness.design.persona import find_persona

        return find_persona(Path(root), name)

    return load_persona


@pytest.fixture
def gather(recorder: Any, facts: Callable[[str, str, Any], None], pytestconfig: pytest.Config) -> Gathering:
    """`gather(name, job, items)`: raw samples of a measure, gathered once and kept."""

    def seen(when: float, lasting: bool, rows: int, reused: int, files: Mapping[str, str]) -> None:
        recorder.oldest, recorder.lasting = min(recorder.oldest, when), recorder.lasting and lasting
        recorder.samples = {"rows": recorder.samples["rows"] + rows, "reused": recorder.samples["reused"] + reused}
        recorder.files |= files

    active, progress = recorder.active, pytestconfig.hook.pytest_harness_progress
    return Gathering(active.store, active.folder, facts, progress, seen, active.settings.root, active.files_sampled)


@pytest.fixture(scope="session")
def store(pytestconfig: pytest.Config) -> Store:
    """The content-addressed store of the session."""
    store: Store = pytestconfig.stash[SETTINGS].open_store()
    return store


RUNNER: pytest.StashKey[Any] = pytest.StashKey()
SETTINGS: pytest.StashKey[Any] = pytest.StashKey()
