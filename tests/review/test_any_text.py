"""Whatever a text says, its claims are read without an error: dates that there are not, counts that no integer holds, tables of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.review.document import parse_document
from harness.review.foreign import foreign_claims
from harness.review.review import review_document

HUGE = "9" * 5000
PIECES = st.sampled_from(
    """
    0;1;-3.2 pp;99.9%;1e400;1e-400;2 × 10^999;٣;²;½;1,23;$5;±0.3;~7;p < .05;p = 0;3/7;0/0;7/3;[2, 1];(3.0 - 14.1);nan;0x;3 of 12 (25%);n = 0;N=30
    t(0) = 1;t(24) = 2.15;F(1, 0) = 3;χ²(1) = 0;z = 40;r = 1.5;rho = 1;Cohen's d = 0.5;SD 0;mean 3 (SD = 2.1);0% CI [1, 2];95% CI [1, 1];α = 0
    2026-02-30 25:61 to 2026-03-01 23:14 (28 minutes);top 3;levels 1 through 3;every;highest;between;Fisher;Wilcoxon;Spearman (n = 9);paired
    independent;coefficient of variation;a factor of;5 personas (a, b, c);A > B > C;versus;→;power = 1
    from 3 to 0 (+0%);(3 vs 0);a gap of 0x;the other 7;plus $0;in all;x is the best in every n;x has the highest p (0);x leads y by 2 points on p
    increases at every step;zero failed batches;Confidence: HIGH;we tested 2 names;0:1;3.2 ± 0.1;x > mean > total;12/40 [0, 1];over 10 prompts
    """.strip()
    .replace("\n    ", ";")
    .split(";")
)
LARGE = st.sampled_from(
    [f"n = {HUGE}", f"top {HUGE}", f"1e{HUGE}", f"t({HUGE}) = 2", f"{'9' * 24}/{'9' * 25}", f"n = {'9' * 25}", f"SD {'9' * 25}", f"{'9' * 25} models"]
)
WORDS = st.one_of(PIECES, PIECES, PIECES, LARGE)
CELLS = st.lists(st.one_of(PIECES, st.sampled_from(["x", "mean", "total", ""])), min_size=3, max_size=3)


def table(rows: list[list[str]]) -> str:
    return "\n\n| name | n | p |\n|---|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n"


TEXTS = st.lists(
    st.one_of(WORDS, WORDS, WORDS, st.lists(CELLS, min_size=1, max_size=5).map(table), st.sampled_from([". ", "\n- ", "\n\n## Level 2\n\n"])), max_size=40
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    path = tmp_path_factory.mktemp("results") / "r.json"
    path.write_text('{"mean": {"x": 0, "total": 1e308}, "n": 30, "p": [0, 1, 5e-324], "range": {"a": -1, "b": 1, "c": 0.5}}')
    return [path]


@settings(max_examples=150, deadline=None)
@given(pieces=TEXTS)
@example(pieces=[f"line {'1' * 45}; 5"])  # took for ever
@example(pieces=["from 2026-02-30 22:46 to 2026-03-01 23:14 (28 minutes)"])
@example(pieces=[f"Spearman rho = 0.5 (n = {HUGE}, p = 0.01)", f"every of the top {HUGE} lies in (1.0 - 3.0)", f"1e{HUGE}"])
@example(pieces=[table([["x", "1e400", "1"], ["y", "1e400", "2"], ["z", "1e400", "3"], ["mean", "1e400", "3"]])])
@example(pieces=[f"Fisher's exact test: 3/10 and {'9' * 24}/{'9' * 25}, p = 0.04"])
@example(pieces=[f"mean 3 (SD = 2.1), n = {'9' * 25}, 95% CI [2.9, 3.1]"])
def test_any_text_is_reviewed(results: list[Path], pieces: list[str]) -> None:
    """Each claim and finding has a place in the document."""
    document = parse_document("# T\n\n## Results\n\n" + " ".join(pieces) + "\n")
    for files in ([], results):
        claims, findings = foreign_claims(document, files)
        reviewed = review_document(document, "t.md", claims, findings, files)
        for one in (*reviewed.claims, *reviewed.findings):
            assert 1 <= one.line <= len(document.lines) + 1
            assert 1 <= one.column <= len(document.lines[min(one.line, len(document.lines)) - 1]) + 1
