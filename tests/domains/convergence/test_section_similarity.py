"""How alike: the heat map of the first measure, and the table of all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.domains.convergence.sections import SimilarityMatrix
from harness.domains.convergence.sections.heat_map import draw
from harness.domains.convergence.sections.row_figure import MOST
from harness.domains.convergence.sections.similarity import SimilarityMatrices
from harness.errors import HarnessError
from harness.report.addresses import value_at
from harness.report.build import build
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from seen_report import Seen, unaddressed
from tests.domains.convergence.samples import convergence, matrix, measured, part, prose_part, recheck, write_records

FIGURES = ["agreement.png", "agreement.svg", "clusters.png", "clusters.svg", "hero-narrow.svg", "hero.png", "hero.svg", "similarity.png", "similarity.svg"]


def printed(record: SimilarityMatrix) -> list[str]:
    return [text.get_text() for text in draw(record).axes[0].texts]


def test_measures_stand_in_the_order_in_which_they_were_reported(tmp_path: Path) -> None:
    """By their places, not by name; the first is drawn."""
    build(write_records(tmp_path, *(measured(4, name=name, place=place) for place, name in enumerate(("zeta", "alpha", "hybrid")))))
    lines = prose_part(tmp_path, "How alike").partition("**By every measure**")[2].splitlines()
    assert [line.split(" | ")[0] for line in lines if " | .34 | " in line] == ["| zeta", "| alpha", "| hybrid"]
    assert "*Similarity by zeta: the more a field stands out" in prose_part(tmp_path, "How alike")


def test_the_caption_tells_the_order_of_the_models(tmp_path: Path, told: Path) -> None:
    """Who reports a matrix says whether its models stand as in the tree."""
    build(write_records(tmp_path, measured(4, clustered=True)))
    assert "; in the order of the tree of clusters. A model with itself" in prose_part(tmp_path, "How alike")
    assert "; in the order in which they were declared. A model with itself" in prose_part(told, "How alike")
    labels = [text for text in draw(measured(4, models=tuple("dacb"))).texts if text.get_text() in "abcd" and text.get_ha() == "right"]
    assert [label.get_text() for label in sorted(labels, key=lambda label: -label.get_position()[1])] == list("dacb")


def test_values_are_printed_up_to_sixteen_models() -> None:
    """Sixteen squared less the two gaps; with seventeen there is colour alone."""
    assert len(printed(measured(16))) == 254
    assert printed(measured(17)) == []


def test_negative_values_stay_negative_and_gaps_stay_gaps() -> None:
    """A cosine below zero is printed with its minus sign; a pair that was not measured is hatched and has no number."""
    assert printed(measured(4)).count("−.12") == 2
    assert len(printed(measured(4))) == 14
    hatched = [patch for patch in draw(measured(4)).axes[0].patches if patch.get_hatch()]
    assert [len(patch.get_path().to_polygons()) for patch in hatched] == [2]


def test_a_model_with_itself_does_not_stretch_the_colours() -> None:
    """The scale runs from the least to the most alike pair of two models."""
    mesh = draw(measured(4)).axes[0].collections[0]
    others = [value for i, row in enumerate(matrix(4)) for j, value in enumerate(row) if i != j and value is not None]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (min(others), max(others))


@pytest.mark.parametrize("fill", [None, 0.5])
def test_a_matrix_without_any_difference_is_drawn(tmp_path: Path, fill: float | None) -> None:
    """All gaps, or all pairs equally alike: a picture, not a crash."""
    flat = tuple(tuple(1.0 if i == j else fill for j in range(3)) for i in range(3))
    build(write_records(tmp_path, measured(3, matrix=flat)))
    assert (tmp_path / "figures" / "similarity.png").exists() and (tmp_path / "figures" / "similarity.svg").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"matrix": []}, "not as long and as wide"),
        ({"matrix": matrix(3)}, "not as long and as wide"),
        ({"matrix": [[1.0], [1.0, 1.0]], "models": ["a", "b"]}, "not as long and as wide"),
        ({"models": ["a", "a", "b", "c"]}, "named twice"),
        ({"matrix": [[1.0, 0.2], [0.3, 1.0]], "models": ["a", "b"]}, "not symmetric"),
        ({"matrix": [[1.0, None], [0.3, 1.0]], "models": ["a", "b"]}, "not symmetric"),
        ({"matrix": [[1.0]], "models": ["a"]}, "fewer than two"),
        ({"matrix": [["1"]]}, r"at '\$\.matrix\[0\]\[0\]'"),
        ({"matrix": None}, r"at '\$\.matrix'"),
        ({"models": [1]}, r"at '\$\.models\[0\]'"),
        ({"overall": 1e300}, r"at '\$\.overall'"),
        ({"overall": None}, r"at '\$\.overall'"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The field or the reason is named."""
    with pytest.raises(HarnessError, match=reason):
        recheck(SimilarityMatrices(), measured(4), **changes)


def test_more_than_sixty_models_are_not_drawn(tmp_path: Path) -> None:
    """The report says so, and the numbers stand in the table."""
    size = MOST + 1
    crowd = tuple(tuple(1.0 if i == j else 0.25 for j in range(size)) for i in range(size))
    build(write_records(tmp_path, measured(4, models=tuple(f"m{place}" for place in range(size)), matrix=crowd)))
    assert "**No heat map: the models are more than sixty.**" in prose_part(tmp_path, "How alike")
    assert not (tmp_path / "figures" / "similarity.png").exists()
    assert part(tmp_path, "similarity").count('title="sections/similarity/tfidf/matrix/') == size * (size - 1) / 2


def test_the_picture_carries_the_address_of_its_matrix(told: Path) -> None:
    """Copied away from its report, it still says where its numbers stand."""
    assert sorted(path.name for path in (told / "figures").iterdir()) == FIGURES
    with Image.open(told / "figures" / "similarity.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    assert addresses == ["sections/similarity/tfidf/matrix"]
    assert value_at(json.loads((told / "results.json").read_text()), addresses[0]) == [list(row) for row in matrix(4)]


def test_every_pair_stands_once_in_numbers(told: Path) -> None:
    """Below the diagonal, with its address; the gap says that it was not measured."""
    page = part(told, "similarity").partition("Similarity in numbers</summary>")[2].partition("</details>")[0]
    pairs = re.findall(r'<data value="([^"]*)" title="sections/similarity/tfidf/matrix/(\d)/(\d)"', page)
    assert [(value, i, j) for value, i, j in pairs if (i, j) in {("1", "0"), ("3", "1")}] == [("-0.1234", "1", "0"), ("", "3", "1")]
    assert len(pairs) == 6
    assert "| openai/gpt-4o | −.12 |  |  |" in prose_part(told, "How alike")


def test_a_row_tells_of_each_measure(told: Path) -> None:
    """Means with what chance gives, the correlation with length, prompts and models; what is not defined is said to be missing."""
    text = prose_part(told, "How alike")
    assert "| tfidf | .34 | .06 | .13 | −.21 | 750 | 4 |" in text
    assert "| embedding | .71 | .06 | .13 | not measured | 750 | 4 |" in text


def test_no_digit_of_these_sections_lacks_an_address(tmp_path: Path) -> None:
    """Strike out what numbers.csv lists, and no digit is left in the prose of all sections on convergence."""
    build(write_records(tmp_path, *convergence(14, members=14)))
    assert unaddressed((tmp_path / "clean_result.md").read_text(), tmp_path) == []


def test_every_number_of_the_page_is_the_one_at_its_address(tmp_path: Path) -> None:
    """All sections on convergence hold the law of the page."""
    build(write_records(tmp_path, *convergence(14, members=14)))
    tree = json.loads((tmp_path / "results.json").read_text())
    own = [number for number in Seen((tmp_path / "index.html").read_text()).data if number["title"].startswith("sections/")]
    assert len(own) > 500
    found = [(number["value"], value_at(tree, number["title"])) for number in own]
    assert all(shown == ("" if value is None else str(value)) for shown, value in found)


def test_long_names_are_not_cut() -> None:
    """A name goes on in a further line."""
    names = [f"the-maker-of-this-model/a-model-of-a-long-name-{place}-405b-instruct-quantised" for place in range(4)]
    labels = [text.get_text() for text in draw(measured(4, models=tuple(names))).texts]
    assert [label.replace("\n", "") for label in labels if "405b" in label][::2] == names


@pytest.mark.parametrize("size", [2, 3, 20])
def test_no_text_leaves_the_picture(size: int) -> None:
    """Neither the words below the scale of two models, nor the names of twenty."""
    figure = draw(measured(size))
    for text in figure.texts:
        box = text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
        assert box.x0 > -0.1 and box.y0 > -0.01 and box.x1 < figure.get_figwidth() + 0.1 and box.y1 < figure.get_figheight(), text.get_text()


def test_hostile_measures_stay_text(tmp_path: Path) -> None:
    """Names of measures and of models become no markup."""
    names = tuple(f"{place} {HOSTILE}" for place in range(4))
    build(write_records(tmp_path, measured(4, name=HOSTILE, models=names), measured(4, name=f"{HOSTILE}2", models=names, how={HOSTILE: HOSTILE})))
    assert_stays_text(tmp_path, images=2)
