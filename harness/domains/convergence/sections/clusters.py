"""Which models answer alike: joins of average linkage, each with the share of bootstraps in which the same cluster appears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from harness.domains.convergence.sections.dendrogram import draw
from harness.domains.convergence.sections.row_figure import MOST
from harness.records import Record, SectionRecord
from harness.report.addresses import below
from harness.report.blocks import Block, Column, Figure, Prose, Table
from harness.report.numbers import Numbers
from harness.report.record_format import Amount, Count, Share, format_list


class Join(Record, frozen=True, kw_only=True):
    """Two nodes become one at `height` (1 - similarity), with the models under it. With M models, nodes below M are models, and M + k is what join k made,
    as scipy counts. `stability` is the share of bootstraps over prompts in which the same models form a cluster."""

    first: Count
    second: Count
    height: Amount
    stability: Share
    members: tuple[str, ...]


class Clustering(SectionRecord, frozen=True, kw_only=True):
    """The clusters of one measure, after which it is named: joins from the lowest to that of all models."""

    models: tuple[str, ...]
    joins: tuple[Join, ...]
    bootstraps: Count

    def __post_init__(self) -> None:
        size, nodes = len(self.models), [node for join in self.joins for node in (join.first, join.second)]
        if size < 2 or len(set(self.models)) != size:
            raise ValueError("models are fewer than two, or one is named twice")
        if len(self.joins) != size - 1:
            raise ValueError("joins are not one fewer than the models")
        if len(set(nodes)) != len(nodes) or any(node >= size + place // 2 for place, node in enumerate(nodes)):
            raise ValueError("joins name what is not there, or join it twice")
        if any(set(leaves) != set(join.members) for leaves, join in zip(self.leaves()[size:], self.joins, strict=True)):
            raise ValueError("joins name other members than those they join")

    def leaves(self) -> list[tuple[str, ...]]:
        """The models under each node, as they stand side by side in the tree; the last node has all of them."""
        found: list[tuple[str, ...]] = [(name,) for name in self.models]
        for join in self.joins:
            found.append(found[join.first] + found[join.second])
        return found


class Clusters:
    """A tree for each clustering, and a row for each of its joins."""

    id, title, position = "clusters", "Clusters", 220
    record = Clustering

    def build(self, records: Mapping[str, Clustering], numbers: Numbers) -> Iterator[Block]:
        for place, (at, record) in enumerate(records.items()):
            if len(record.models) <= MOST:
                yield figure(numbers, at, record, f"clusters{place or ''}")
            else:
                yield Prose(text="No tree: the models are more than sixty.", warning=True)
            columns = [Column(heading="cluster"), *(Column(heading=heading, numeric=True) for heading in ("models", "height", "stability"))]
            rows = [row(numbers, at, record, place) for place in range(len(record.joins))]
            yield Table(title="Clusters in numbers", columns=columns, rows=rows, folded=True)


def figure(numbers: Numbers, at: str, record: Clustering, stem: str) -> Figure:
    name = numbers.text(below(at, "name"))
    told = type(name)("Clusters by ") + name + ", average linkage. The number at a join is its stability: the share of "
    return Figure(
        stem=stem,
        alt="Tree of the models by average linkage, with the stability at each join; the same numbers stand in the table below.",
        caption=told + numbers.num(below(at, "bootstraps")) + " bootstraps in which the same cluster appears.",
        draw=partial(draw, record),
        addresses=[below(at, "joins", place, key) for place in range(len(record.joins)) for key in ("height", "stability")],
    )


def row(numbers: Numbers, at: str, record: Clustering, place: int) -> list[str]:
    join, where = record.joins[place], below(at, "joins", place)
    name = numbers.dress("all of them") if place == len(record.joins) - 1 else format_list(numbers, where, join, "members")
    height, stability = (numbers.num(below(where, key), form) for key, form in (("height", "value"), ("stability", "rate")))
    return [name, numbers.num(below(where, "members", "#")), height, stability]
