"""What all figures share: colours, the width of a report, a blank figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with any common colour blindness; the marker's shape says the same again.
BLUE, VERMILION, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#E69F00", "#009E73", "#6b6b6b", "#1b1b1b"
GAP, HATCHING = "#f3f3f3", "#cfcfcf"  # of what was not measured
WIDTH = 8.6  # inches


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """A blank figure of these inches, drawn without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def is_dark(red: float, green: float, blue: float) -> bool:
    """True where white letters stand out more than black ones: a relative luminance below .18 (WCAG 2.2, contrast ratio)."""
    luminance = sum(share * level**2.2 for share, level in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True))
    return bool(luminance < 0.18)
