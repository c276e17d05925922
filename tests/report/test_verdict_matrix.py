"""The verdict matrix: where the points of a design stand."""

from __future__ import annotations

from msgspec.structs import replace

from harness.report.verdict_matrix import matrices
from harness.report.view import View
from sample_run import results


def test_rows_and_columns_stand_in_the_order_of_the_design_and_numbers_by_size() -> None:
    """Whatever the order in which the cells ended, and with the point that was promised and has no record."""
    plain = next(cell for cell in results().cells if cell.id == "H1[villain-refusal]")
    places = [(source, epoch) for epoch in (10, 2, 1) for source in ("pirate", "villain", "zombie")][:-1]
    cells = tuple(replace(plain, id=f"H1[{source}-{epoch}]", params={"source": source, "epoch": epoch}) for source, epoch in places)
    (found,) = matrices(View(results(cells=cells, missing=("H1[zombie-1]",), design={"axes": {"source": ["villain", "zombie", "pirate"]}})))
    assert (found.columns, [name for name, _ in found.rows]) == (("1", "2", "10"), ["villain", "zombie", "pirate"])
    assert found.rows[1][1][0].verdict == "missing"
