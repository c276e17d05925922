"""Rules about what decided a cell: is there a measurement, a criterion, samples of this run behind it, and are its numbers such as a test can give?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harness.findings import Facts, found, rule
from harness.plaintext import format_number
from harness.records import EQUAL_ROWS, SAME_SAMPLES, TIED, Cell, Finding, Measurement, Place, Results
from harness.verdict.samples_behind import effect_of

DECIDED = ("supported", "falsified")
SETTLED = (*DECIDED, "passed", "failed")
RESAMPLED = re.compile(r"permut|shuffl|flip|bootstrap|random", re.IGNORECASE)
# The largest share of items without an answer that is not reported.
UNANSWERED = 0.1
LEFT_OUT = re.compile(r"(\d+) of (\d+) items gave no answer")
FILE = "results.json"


def decided(results: Results, *verdicts: str) -> Iterator[tuple[Cell, Measurement]]:
    """Cells of hypotheses and controls that were decided, with the measurement that decided them."""
    for cell in results.cells:
        effect = effect_of(cell)
        if cell.kind in ("hypothesis", "control") and cell.verdict in (verdicts or SETTLED) and effect is not None:
            yield cell, effect


def at(cell: Cell, measured: Measurement | None = None) -> Place:
    return Place(file=FILE, path=f"cells/{cell.id}/measurements/{measured.name}" if measured else f"cells/{cell.id}")


@rule("M301", "hypothesis cell without a measurement", needs=("results",), continues=True, source="T10: a metric failed, its cell returned, and was supported")
def find_unmeasured(facts: Facts) -> Iterable[Finding]:
    """Where results are decided, a decided cell of a hypothesis must hold a measurement. A run makes an error of one that does not."""
    for cell in facts.results.cells:
        if cell.kind == "hypothesis" and cell.verdict in DECIDED and not cell.measurements:
            yield found(f"{cell.id} is {cell.verdict} without a measurement", where=at(cell), fix="Record what it was decided on", subject=cell.id)


@rule(
    "M302",
    "decided without a criterion",
    needs=("results",),
    continues=True,
    source="R4: a bare assert decided a hypothesis, and nobody had registered its bar",
)
def find_uncriterial(facts: Facts) -> Iterable[Finding]:
    """A hypothesis is answered by its registered criterion; an assert of the author's own moves with the data. A run makes an error of a hypothesis, and of a
    negative control, that no criterion answered.

    Bad: `assert shift.value > 3`.

    Good: `assert criterion("refusal").holds(shift)`.
    """
    for cell in facts.results.cells:
        if cell.kind == "hypothesis" and cell.verdict in DECIDED and cell.measurements and not (cell.effect and cell.threshold):
            yield found(f"{cell.id} is {cell.verdict} by no criterion", where=at(cell), fix="Assert criterion(…).holds(…)", subject=cell.id)


@rule("M303", "decided without samples", needs=("results",), continues=True, source="C20: constants stood in for measurements, and every cell was supported")
def find_unsampled(facts: Facts) -> Iterable[Finding]:
    """A number without samples can be anything: a constant, a figure of a paper, the result of another run. It can be recorded with the reason
    (`unsampled="…"`), but a cell that it decides cannot be checked by anybody. Reads the effect of every decided cell of a hypothesis or control.

    Bad: `measure("shift", 71.3, "pp", n=156240, interval=(70, 72), unsampled="computed before")`, and a criterion that is asked of it.

    Good: `measure.shift("shift", after, before)` of what `gather` returned.
    """
    for cell, effect in decided(facts.results):
        if not effect.samples:
            message = f"{cell.id} is {cell.verdict} by {effect.name} ({format_number(effect.value)} {effect.unit}), which rests on no samples of this run"
            yield found(message, where=at(cell, effect), fix="Measure what gather returned", evidence=filter(None, [effect.unsampled]), subject=cell.id)


@rule("M304", "floor or ceiling", needs=("results",), continues=True, source="M1, M2: both arms were at 0, and the test said that there is no effect")
def find_blind(facts: Facts) -> Iterable[Finding]:
    """Where both arms lie at 0 or both at 1, a measure cannot tell a small effect from its own blindness. A run makes such a cell inconclusive, whatever
    bounds are declared, and says so under this code; a result that was decided all the same is reported.

    Bad: 0 of 24 refusals before and after, "falsified".

    Good: the same, inconclusive; or a measure that is not at its floor before.
    """
    for cell, effect in decided(facts.results):
        if len(effect.arms) > 1 and effect.unit == "pp" and any(all(arm == bound for arm in effect.arms) for bound in (0, 1)):
            yield found(
                f"{cell.id}: all arms of {effect.name} are {effect.arms[0]:g}", where=at(cell, effect), fix="Choose a measure with room", subject=cell.id
            )


@rule(
    "M306",
    "arms identical",
    needs=("results",),
    severity="warning",
    continues=True,
    source="D15: the control compared a prompt with itself, and passed",
)
def find_identical(facts: Facts) -> Iterable[Finding]:
    """A contrast of something with itself is 0, and says nothing. Arms that are the same samples are measured with a doubt, on which no criterion decides; arms
    of different samples that hold the very same rows, answers and scores included, are compared, and reported here. Rows of a yes and a no alone can be equal
    by chance, and are not looked at.

    Bad: `measure.shift("control", answers, answers)`; two personas of one prompt.

    Good: a negative control that differs from its baseline in what must not matter.
    """
    for cell in facts.results.cells:
        for measured in cell.measurements:
            if measured.doubt == SAME_SAMPLES or EQUAL_ROWS in measured.note:
                what = SAME_SAMPLES.partition("] ")[2] if measured.doubt else f"{EQUAL_ROWS}: the two conditions may be one"
                yield found(f"{cell.id}: {measured.name}: {what}", where=at(cell, measured), fix="Compare what differs", subject=cell.id)


@rule("M307", "share without an answer", needs=("results",), severity="warning", source="M8, M3: answers that could not be parsed or judged were dropped")
def find_unanswered(facts: Facts) -> Iterable[Finding]:
    """Items without an answer (errors, empty, incoherent, not judged) are left out, and what is left is a choice. Above half, and where the arms differ, a run
    measures with a doubt, on which no criterion decides; a judge that fails on more than a twentieth is refused. Above a tenth is reported here.

    Bad: 40 of 120 answers could not be parsed.

    Good: 2 of 120, equally many in both arms.
    """
    for cell, effect in decided(facts.results):
        lost, of = next((tuple(map(int, match)) for match in LEFT_OUT.findall(effect.note)), (0, 1))
        if lost > UNANSWERED * of:
            message = f"{cell.id}: {lost} of {of} items of {effect.name} gave no answer"
            fix = "Let a third judge decide" if TIED in effect.note else "Find out why, and ask again"
            yield found(message, where=at(cell, effect), fix=fix, subject=cell.id)


@rule(
    "S402", "p that no test gives", needs=("results",), continues=True, source="C12, C13: p was 0, below its own floor, of the wrong direction, or a similarity"
)
def find_impossible_p(facts: Facts) -> Iterable[Finding]:
    """A p comes from a test that can be named, and never falls below what that test can give. `measure` refuses a p of 0, one below its floor or below
    1/(permutations + 1), one that contradicts its interval or is a similarity, and a value outside its interval. Reported here: a p whose test has no name,
    or that was drawn from a null of unknown size.

    Bad: `measure("agreement", .7, "similarity", n=40, p=0.3)`.

    Good: `p_method="permutation of prompts, 2000 draws"`, or a helper (`measure.shift`) that tests.
    """
    for cell in facts.results.cells:
        for measured in cell.measurements:
            if why := fault_of(measured):
                yield found(f"{cell.id}: {measured.name}: {why}", where=at(cell, measured), fix="Give the test with its draws, or no p", subject=cell.id)


def fault_of(measured: Measurement) -> str:
    """What is wrong with a p; "" where nothing is, or there is none."""
    p, floor = measured.p, measured.p_floor
    if p is None:
        return ""
    if p <= 0 or (floor is not None and p < floor * (1 - 1e-9)):
        return f"p is {format_number(p)}, and the smallest possible {format_number(floor or 0)}"
    if not measured.p_method.strip():
        return f"p = {format_number(p, '.3g')} comes from no test that is named (p_method)"
    drawn = RESAMPLED.search(measured.p_method) and not re.search(r"\d", measured.p_method)
    return f"p = {format_number(p, '.3g')} comes from draws whose number nobody says ({measured.p_method})" if drawn and floor is None else ""


@rule(
    "S411",
    "N above the distinct items",
    needs=("results",),
    continues=True,
    source="M10, C16: each item was counted a hundred times; pairs of few models as many",
)
def find_inflated(facts: Facts) -> Iterable[Finding]:
    """Where results are decided: the N of an effect that decided a cell is above the number of items that its samples were drawn on, so that its interval
    takes answers to one item, or pairs that share an item, for independent. `measure` refuses an N above the rows or, of items, above the items."""
    for cell, effect in decided(facts.results):
        items = items_of(cell, effect)
        if items and effect.n > items:
            message = f"{cell.id}: {effect.name} counts N = {effect.n}, and its samples hold {items} items"
            fix = "Average within items first, or resample whole items (measure.mean(clusters=…))"
            yield found(message, where=at(cell, effect), fix=fix, subject=cell.id)


def items_of(cell: Cell, effect: Measurement) -> int:
    """The largest number of items that the samples of an effect were drawn on, as the card has it; 0 where it is not there for each of them."""
    told = {fact.name: fact.value.get("items", 0) for fact in cell.facts if fact.group == "Eval" and isinstance(fact.value, dict)}
    sizes = [next((size for name, size in told.items() if ref.path.startswith(f"samples/{name}-")), 0) for ref in effect.samples]
    return max(sizes, default=0) if all(isinstance(size, int) and size for size in sizes) else 0
