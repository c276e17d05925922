"""What the axes of these figures share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.palette import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def style_axes(axes: Axes, x_label: str) -> None:
    """Two thin lines, small ticks, and the label below: what is drawn is to be seen."""
    axes.tick_params(length=2, labelsize=7.5, labelcolor=GREY, color="#bdbdbd", pad=2)
    axes.set_xlabel(x_label, fontsize=8, color=INK, labelpad=3)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#bdbdbd")
