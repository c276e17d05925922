"""Which marks of a forest plot stand together: pages of at most forty, and columns of about one height."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.report.forest import Panel

MOST = 40  # marks of one picture
FEWEST = 20  # of a page that ends early, so that a panel stays whole
CONTINUED = " (continued)"


def split_panel(panel: Panel, place: int) -> tuple[Panel, Panel]:
    """The marks before and from a place on; both parts keep the axis of the whole."""
    first = replace(panel, marks=panel.marks[:place], span=panel.limits)
    title = panel.title if panel.title.endswith(CONTINUED) else panel.title + CONTINUED
    return first, replace(panel, title=title, marks=panel.marks[place:], span=panel.limits)


def split_pages(panels: Sequence[Panel], most: int = MOST) -> list[list[Panel]]:
    """Pages of at most so many marks, at least one page. A panel is split where it does not fit and the page would be left rather empty."""
    pages: list[list[Panel]] = [[]]
    rest = list(reversed(panels))
    while rest:
        panel, free = rest.pop(), most - sum(len(panel.marks) for panel in pages[-1])
        if len(panel.marks) <= free:
            pages[-1].append(panel)
        elif free > most - FEWEST:
            first, second = split_panel(panel, free)
            pages[-1].append(first)
            rest.append(second)
        else:
            pages.append([])
            rest.append(panel)
    return pages


def split_columns(panels: Sequence[Panel], height: Callable[[Panel], float]) -> tuple[list[Panel], list[Panel]]:
    """Two columns that are as little high as can be; a panel is split only where that makes them much lower."""
    tries = [(list(panels[:place]), list(panels[place:])) for place in range(1, len(panels))]
    for place, panel in enumerate(panels):
        for inside in range(2, len(panel.marks) - 1):
            first, second = split_panel(panel, inside)
            tries.append(([*panels[:place], first], [second, *panels[place + 1 :]]))

    def cost(columns: tuple[list[Panel], list[Panel]]) -> float:
        whole = sum(len(column) for column in columns) == len(panels)
        return max(sum(map(height, column)) for column in columns) * (1 if whole else 1.25)

    return min(tries, key=cost, default=(list(panels), []))
