"""How alike the models answer: one symmetric matrix a measure, of which the first is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from harness.domains.convergence.sections.heat_map import MOST_PRINTED, draw
from harness.domains.convergence.sections.row_figure import MOST
from harness.plaintext import by_number
from harness.records import SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Count, Similarity, format_field

# Field to heading and form.
COLUMNS = {
    "overall": ("same prompt", "similarity"),
    "mismatched_any": ("any other prompt", "similarity"),
    "mismatched_same": ("other prompt, same capability", "similarity"),
    "length_rho": ("correlation with length", "correlation"),
    "n_prompts": ("prompts", "count"),
}
NOTE = (
    "Same prompt: the mean over all pairs of models of the similarity of their answers to one prompt. The two columns after it pair answers to different "
    "prompts, which is what chance gives."
)


class SimilarityMatrix(SectionRecord, frozen=True, kw_only=True):
    """One measure, after which it is named: the mean similarity of every two models' answers to one prompt, None where they answered none in common.

    `place` orders the measures; the first is drawn. `clustered` says that the models stand in the order of the tree of clusters. `overall` is the mean over
    all pairs, the mismatched ones that of answers to different prompts, `length_rho` Spearman's correlation with the ratio of lengths (None: not defined).
    `how` holds all that decides the values.
    """

    place: Count
    models: tuple[str, ...]
    clustered: bool
    matrix: tuple[tuple[Similarity | None, ...], ...]
    overall: Similarity
    mismatched_any: Similarity | None
    mismatched_same: Similarity | None
    length_rho: Similarity | None
    n_prompts: Count
    how: dict[str, Any]

    def __post_init__(self) -> None:
        size = len(self.models)
        if size < 2 or len(set(self.models)) != size:
            raise ValueError("models are fewer than two, or one is named twice")
        if {len(self.matrix), *map(len, self.matrix)} != {size}:
            raise ValueError("matrix is not as long and as wide as there are models")
        if any(self.matrix[i][j] != self.matrix[j][i] for i in range(size) for j in range(i)):
            raise ValueError("matrix is not symmetric")


class SimilarityMatrices:
    """The heat map of the first measure with its numbers, and a row for each measure."""

    id, title, position = "similarity", "How alike", 210
    record = SimilarityMatrix

    def build(self, records: Mapping[str, SimilarityMatrix], numbers: Numbers) -> Iterator[Block]:
        ordered = sorted(records.items(), key=lambda item: (item[1].place, by_number(item[0])))
        at, first = ordered[0]
        yield figure(numbers, at, first) if len(first.models) <= MOST else Prose(text="No heat map: the models are more than sixty.", warning=True)
        yield matrix_table(numbers, at, first)
        columns = [Column(heading=heading, numeric=True) for heading, _ in COLUMNS.values()]
        columns = [Column(heading="measure"), *columns, Column(heading="models", numeric=True)]
        yield Table(title="By every measure", columns=columns, rows=[row(numbers, *item) for item in ordered])
        yield Prose(text=NOTE)


def figure(numbers: Numbers, at: str, record: SimilarityMatrix) -> Figure:
    name = numbers.text(below(at, "name"))
    order = "in the order of the tree of clusters." if record.clustered else "in the order in which they were declared."
    bare = " Values are not printed, since the models are more than sixteen." if len(record.models) > MOST_PRINTED else ""
    told = type(name)("Similarity by ") + name + ": the more a field stands out from the background, the more alike two models are; " + order + bare
    return Figure(
        stem="similarity",
        alt="Heat map of the similarity of every two models; the same numbers stand in the table below.",
        caption=told + " A model with itself is left out of the colours; what is hatched was not measured.",
        draw=partial(draw, record),
        addresses=[below(at, "matrix")],
    )


def matrix_table(numbers: Numbers, at: str, record: SimilarityMatrix) -> Table:
    """Every pair once: what stands below the diagonal."""
    names = [numbers.text(below(at, "models", place)) for place in range(len(record.models))]
    rows = [[name, *(numbers.num(below(at, "matrix", i, j), "similarity") for j in range(i))] for i, name in enumerate(names)]
    columns = [Column(heading="model"), *(Column(heading=name, numeric=True) for name in names[:-1])]
    return Table(title="Similarity in numbers", columns=columns, rows=rows[1:], folded=True)


def row(numbers: Numbers, at: str, record: SimilarityMatrix) -> list[str]:
    values = [format_field(numbers, at, record, key, form) for key, (_, form) in COLUMNS.items()]
    return [numbers.text(below(at, "name")), *values, numbers.num(below(at, "models", "#"))]
