"""Outcomes by item id that know which samples they were read from, so that no measurement of them can lose its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical, fingerprint

if TYPE_CHECKING:
    from harness.run.sampling import Samples

Row = Mapping[str, Any]

# `outcomes("status=ok|truncated")` is the share of an item's rows with one of these statuses: how often there is an answer is an outcome that none lacks.
STATUS = "status="
NO_ANSWER = ("error", "empty")
# Numbers in a row that say how an answer came about, not what it is.
BOOKKEEPING = (
    "item status replicate seed chunk tokens input_tokens output_tokens cached_tokens written_tokens reasoning_tokens usd cached hits seconds latency "
    "latency_s attempts retries time timestamp index"
)
# Those of them that may vary between two copies of one answer.
VARYING = "replicate seed chunk cached_tokens written_tokens usd cached hits seconds latency latency_s attempts retries time timestamp index"


class Part(NamedTuple):
    """One field of some samples, by item."""

    gathered: Samples
    field: str
    item: str = "item"


class Outcomes(dict[str, Any]):
    """Item id to outcome (None: no answer), the mean over `parts` (one for each run). Whoever edits it is found out: `edited`."""

    def __init__(self, values: Mapping[str, Any], parts: Iterable[Part]) -> None:
        super().__init__(values)
        self.parts = tuple(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return Outcomes, (dict(self), self.parts)

    def reread(self) -> dict[str, Any]:
        """The outcomes as the samples have them."""
        return mean_over_runs([read_field(part.gathered.rows, part.field, part.item) for part in self.parts])

    @property
    def edited(self) -> bool:
        return dict(self) != self.reread()

    @property
    def sources(self) -> tuple[Samples, ...]:
        """The samples and what they were made from, each once, in order."""
        return unite((source for part in self.parts for source in (part.gathered, *part.gathered.behind)), lambda source: source.ref)

    @property
    def seeds(self) -> tuple[int, ...]:
        return seeds_of(part.gathered for part in self.parts)

    @property
    def sampling_unit(self) -> str:
        return self.parts[0].gathered.sampling_unit

    @property
    def unit(self) -> str:
        """The unit of the measure's own outcome; "" for its other fields."""
        part = self.parts[0]
        return part.gathered.unit if part.field == part.gathered.outcome else ""


def unite(things: Iterable[Any], key: Callable[[Any], Any] = lambda thing: thing) -> tuple[Any, ...]:
    """Each thing once, in order."""
    found: dict[Any, Any] = {}
    for thing in things:
        found.setdefault(key(thing), thing)
    return tuple(found.values())


def content_of(gathered: Any) -> dict[Any, tuple[str, ...]]:
    """Item id to what its rows say, in whatever order and chunks they were taken."""
    found: dict[Any, list[str]] = {}
    for row in gathered.rows:
        said = {name: value for name, value in row.items() if name == gathered.outcome or name not in VARYING.split()}
        found.setdefault(row.get("item"), []).append(canonical(said))
    return {item: tuple(sorted(rows)) for item, rows in found.items()}


def content_key(gathered: Any) -> str:
    """Equal for equal samples, and made from equal samples, whoever drew them."""
    return fingerprint([sorted(gathered.content.values()), sorted(source.content_key for source in gathered.behind)])


def seeds_of(samples: Iterable[Any]) -> tuple[int, ...]:
    """The seeds that different samples were drawn with: samples that are equal count once."""
    return unite(seed for gathered in unite(samples, lambda gathered: gathered.content_key) for seed in own_seeds(gathered))


def own_seeds(gathered: Any) -> tuple[int, ...]:
    """The seeds of some samples, several only where their rows show several: by a field `seed`, by replicates, or by the samples they were made from."""
    if len(gathered.seeds) < 2:
        return tuple(gathered.seeds)
    if gathered.behind:
        return seeds_of(gathered.behind)
    drawn: dict[Any, list[str]] = {}
    for row in gathered.rows:
        drawn.setdefault(row.get("seed"), []).append(canonical({name: value for name, value in row.items() if name not in VARYING.split()}))
    if None not in drawn:
        return unite((seed for seed in gathered.seeds if seed in drawn), lambda seed: tuple(sorted(drawn[seed])))
    return tuple(gathered.seeds) if len(gathered.rows) >= len(gathered.seeds) * len(gathered.content) else ()


def pool_runs(runs: Sequence[Outcomes]) -> Outcomes:
    """Item id to its mean over runs (seeds, replicates); None where no run has an answer. What the runs were read from comes along."""
    return Outcomes(mean_over_runs(runs), [part for run in runs for part in run.parts])


def mean_over_runs(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if len(runs) == 1:
        return dict(runs[0])
    answers = {item: [run[item] for run in runs if run.get(item) is not None] for item in dict.fromkeys(item for run in runs for item in run)}
    return {item: sum(map(float, found)) / len(found) if found else None for item, found in answers.items()}


def read_field(rows: Iterable[Row], field: str, item: str = "item") -> dict[str, Any]:
    """Item id to the value of `field`. Several replicates of an item are averaged; rows whose status is not ok count as no answer."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        answers = found.setdefault(value_of(row, item), [])
        if (answer := answer_of(row, field)) is not None:
            answers.append(answer)
    return {name: (values[0] if len(values) == 1 else sum(values) / len(values)) if values else None for name, values in found.items()}


def answer_of(row: Row, field: str) -> Any:
    """What a row says; None where it is no answer."""
    status = row.get("status", "ok")
    if field.startswith(STATUS):
        return status in field.removeprefix(STATUS).split("|")
    return value_of(row, field) if status == "ok" else None


def value_of(row: Row, field: str) -> Any:
    if field not in row:
        raise HarnessError(f"a row of the samples has no field {field!r} (item {row.get('item')!r})", mend=nearest(field, row))
    return row[field]


def choose_field(gathered: Samples) -> str:
    """The field that is the result of these samples: as the measure says, or the only one that can be. Raises HarnessError where there are several."""
    fields = [gathered.outcome] if gathered.outcome else numeric_fields(gathered.rows)
    if len(fields) != 1:
        mend = 'Name one, such as outcomes("field"), or set outcome = "field" on the measure'
        raise HarnessError(
            f"which field of {gathered.ref.path} is the outcome? It could be {', '.join(fields) or 'none'}", mend=mend, code="" if fields else "M313"
        )
    return fields[0]


def numeric_fields(rows: Sequence[Row]) -> list[str]:
    """Fields that hold only numbers and truth values (or nothing), bookkeeping left out."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None and name not in BOOKKEEPING.split():
                values.setdefault(name, []).append(value)
    return [name for name, found in values.items() if all(isinstance(value, bool | int | float) for value in found)]
