"""Clusters: the tree with the stability at each join, and the table of joins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.domains.convergence.sections import Clustering, Join
from harness.domains.convergence.sections.clusters import Clusters
from harness.domains.convergence.sections.dendrogram import draw
from harness.domains.convergence.sections.row_figure import MOST
from harness.errors import HarnessError
from harness.records import encode
from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.number_format import rate
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from tests.domains.convergence.samples import MODELS, clustered, prose_part, recheck, write_records


def chain(models: tuple[str, ...] = ("a", "b", "c"), heights: tuple[float, float] = (0.25, 0.5), name: str = "tfidf") -> Clustering:
    """The first and the third model joined, then the second to both."""
    a, b, c = models
    lower = Join(first=0, second=2, height=heights[0], stability=0.9, members=(a, c))
    upper = Join(first=3, second=1, height=heights[1], stability=1.0, members=(a, b, c))
    return Clustering(name=name, models=models, joins=(lower, upper), bootstraps=200)


def with_join(place: int, **changes: Any) -> dict[str, Any]:
    joins = encode(chain())["joins"]
    return {"joins": [join | (changes if index == place else {}) for index, join in enumerate(joins)]}


def test_joined_models_stand_side_by_side() -> None:
    """The order of the tree is that of its joins, not the declared one."""
    assert chain().leaves()[-1] == ("a", "c", "b")


def test_every_model_is_a_line_and_every_join_stands_at_its_height() -> None:
    """Two lines meet at each join, which stands in the middle between them and has its stability beside it."""
    axes = draw(chain()).axes[0]
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts[:3]] == [("a", 0), ("c", 1), ("b", 2)]
    joints = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(zip(map(float, joints.get_xdata()), map(float, joints.get_ydata()), strict=True)) == [(0.25, 0.5), (0.5, 1.25)]
    assert [text.get_text() for text in axes.texts[3:5]] == [".90", "1.00"]


def test_large_trees_keep_scipys_joins() -> None:
    """Each node of the tree holds the members that its join states, for four, fourteen and twenty-three models."""
    for size in (4, 14, 23):
        found = clustered(size)
        assert sorted(found.leaves()[-1]) == sorted(MODELS[:size])
        shown = [text.get_text() for text in draw(found).axes[0].texts]
        assert shown[:size] == list(found.leaves()[-1])
        assert shown[size : 2 * size - 1] == [rate(join.stability) for join in found.joins]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"models": ["a"], "joins": []}, "fewer than two"),
        ({"models": ["a", "a", "c"]}, "named twice"),
        ({"joins": encode(chain())["joins"][:1]}, "not one fewer than the models"),
        (with_join(0, first=3), "name what is not there"),
        (with_join(1, first=0), "join it twice"),
        (with_join(0, first=2), "join it twice"),
        (with_join(0, members=["a", "b"]), "other members"),
        (with_join(0, first=0.5), r"at '\$\.joins\[0\]\.first'"),
        (with_join(0, first=-1), r"at '\$\.joins\[0\]\.first'"),
        (with_join(0, height=None), r"at '\$\.joins\[0\]\.height'"),
        (with_join(0, height=-1), r"at '\$\.joins\[0\]\.height'"),
        (with_join(0, stability=1.5), r"at '\$\.joins\[0\]\.stability'"),
        ({"joins": None}, r"at '\$\.joins'"),
    ],
)
def test_what_is_no_tree_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The field or the reason is named."""
    with pytest.raises(HarnessError, match=reason):
        recheck(Clusters(), chain(), **changes)


def test_more_than_sixty_models_are_not_drawn(tmp_path: Path) -> None:
    """The report says so, and the joins stand in the table."""
    models = tuple(f"m{place}" for place in range(MOST + 1))
    joins = [Join(first=0, second=1, height=0.1, stability=0.5, members=models[:2])]
    joins += [Join(first=MOST - 1 + place, second=place, height=0.1 * place, stability=0.5, members=models[: place + 1]) for place in range(2, MOST + 1)]
    build(write_records(tmp_path, Clustering(name="tfidf", models=models, joins=tuple(joins), bootstraps=200)))
    text = prose_part(tmp_path, "Clusters")
    assert "**No tree: the models are more than sixty.**" in text and "| m0, m1 | 2 | 0.1 | .50 |" in text
    assert not (tmp_path / "figures" / "clusters.png").exists()


def test_the_table_holds_each_cluster_with_its_address(tmp_path: Path) -> None:
    """Members, size, height, stability; the picture carries the same addresses."""
    build(write_records(tmp_path, chain()))
    text = prose_part(tmp_path, "Clusters")
    assert "| a, c | 2 | 0.25 | .90 |" in text and "| all of them | 3 | 0.5 | 1.00 |" in text
    assert "*Clusters by tfidf, average linkage." in text and "the share of 200 bootstraps in which" in text
    with Image.open(tmp_path / "figures" / "clusters.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    assert addresses[0] == "sections/clusters/tfidf/joins/0/height"
    tree = json.loads((tmp_path / "results.json").read_text())
    assert [value_at(tree, where) for where in addresses] == [0.25, 0.9, 0.5, 1.0]


def test_every_clustering_has_its_tree(tmp_path: Path) -> None:
    """One figure each, under names of their own."""
    build(write_records(tmp_path, chain(), chain(name="indel")))
    assert {path.name for path in (tmp_path / "figures").glob("clusters*.svg")} == {"clusters.svg", "clusters1.svg"}


@pytest.mark.parametrize("height", [0.0, 0.4])
def test_equal_heights_are_drawn(tmp_path: Path, height: float) -> None:
    """All joins at one height, or all at zero: a picture, not a crash."""
    build(write_records(tmp_path, chain(heights=(height, height))))
    assert (tmp_path / "figures" / "clusters.png").exists()


def test_hostile_clusters_stay_text(tmp_path: Path) -> None:
    """Names of models and of the measure become no markup."""
    build(write_records(tmp_path, chain((HOSTILE, f"{HOSTILE}2", f"{HOSTILE}3"), name=HOSTILE)))
    assert_stays_text(tmp_path, images=2)
