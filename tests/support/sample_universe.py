"""A run as it was planned, without cells: for what is counted from costs alone."""

from __future__ import annotations

from harness.records import Cost, Promise, Universe


def universe(cell_cost: Cost, costs: dict[str, Cost]) -> Universe:
    return Universe(
        experiment="x",
        folder="evals/x",
        scale="smoke",
        seeds=(1,),
        design={},
        settings={},
        thresholds=(),
        promise=Promise(sha256="", locked=False),
        inputs=(),
        cells=(),
        cell_cost=cell_cost,
        environment={},
        costs=costs,
    )
