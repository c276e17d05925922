"""The hero figure, and how every figure of a report becomes PNG and SVG.

Equal results give equal bytes: the drawing defaults are matplotlib's own whatever the user's settings, the metadata hold no date, and the ids inside
the SVG come from a fixed salt.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.fingerprint import canonical
from harness.plaintext import one_line
from harness.report.forest import panels
from harness.report.forest_narrow import draw_narrow
from harness.report.forest_pages import split_pages
from harness.report.forest_wide import draw_wide
from harness.report.numbers import Numbers
from harness.report.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 120
MAKER = "harness.report"  # in the metadata of every figure
MOST_PIXELS = 30_000  # of height; Agg draws at most 65,535, and a picture of a thousand cells is read as SVG anyway
SMALL_PICTURE = 20_000  # bytes of base64
PICTURE = re.compile(rb'(<image [^<>]*xlink:href="data:image/png;base64,)([^"<>]*)"')
TAG = re.compile(rb"<(?:path|use|text|rect|g) [^<>]*>")
PLACES, TURN, FAMILY = re.compile(rb"(\d\.\d\d)\d+"), re.compile(rb' transform="rotate\(-0 [^"]*\)"'), re.compile(rb"font-family: [^\";]*; ")
# Text stays text in the SVG: smaller, and found by a search. The fonts after the first are as wide as it, or narrower.
SETTINGS = {
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial"],
    "font.size": 9,
    "text.hinting": "none",  # half the time of a text
    "text.parse_math": False,
    "axes.unicode_minus": True,
}


def hero(view: View) -> dict[str, bytes]:
    """The hero figure as {"hero.png": ..., "hero.svg": ..., "hero-narrow.svg": ...}; further pages are hero-2 and so on."""
    found: dict[str, bytes] = {}
    for number, page in enumerate(split_pages(panels(view, Numbers(view.tree))), start=1):
        addresses = list(dict.fromkeys(where for panel in page for mark in panel.marks for where in mark.addresses))
        found |= save_pictures(view, "hero" if number == 1 else f"hero-{number}", partial(draw_wide, page), addresses)
        if number == 1:
            found |= save_pictures(view, "hero-narrow", partial(draw_narrow, page), addresses, kinds=("svg",))
    return found


def save_pictures(view: View, stem: str, draw: Callable[[], Figure], addresses: list[str], kinds: tuple[str, ...] = ("png", "svg")) -> dict[str, bytes]:
    """A drawing as PNG and SVG under the settings that all figures share; `addresses` are those of the numbers in it."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a script the font lacks shows as boxes; the tables have the text
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS | {"svg.hashsalt": view.results.experiment})
        figure = draw()
        told = provenance(view, addresses)
        return {f"{stem}.{kind}": FORMATS[kind](figure, told) for kind in kinds}


def provenance(view: View, addresses: list[str]) -> dict[str, Any]:
    """What a figure must carry with it when it is copied away from its report."""
    results = view.results
    return {
        "experiment": results.experiment,
        "run": results.execution.run,
        "commit": results.environment.get("commit"),
        "dirty": results.environment.get("dirty"),
        "promise": results.promise.sha256,
        "addresses": addresses,
    }


def _as_png(figure: Figure, told: dict[str, Any]) -> bytes:
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    figure.set_dpi(min(DPI, MOST_PIXELS / figure.get_figheight()))
    canvas, metadata = FigureCanvasAgg(figure), PngInfo()
    canvas.draw()
    for name, text in {"Software": MAKER, "Title": one_line(told["experiment"]), "Description": canonical(told)}.items():
        metadata.add_text(name, text)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(stream, "png", pnginfo=metadata, compress_level=4)
    return stream.getvalue()


def _as_svg(figure: Figure, told: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    metadata = {"Creator": MAKER, "Title": one_line(told["experiment"]), "Description": canonical(told), "Date": None}
    figure.savefig(stream, format="svg", dpi=DPI, metadata=metadata)
    return PICTURE.sub(_with_palette, _compact(stream.getvalue()))


def _compact(svg: bytes) -> bytes:
    """Without what no reader sees: places beyond a hundredth of a point, turns by nothing, the same fonts at every text. Two thirds of the size."""
    family = FAMILY.search(svg)
    fonts = family[0] if family else b""
    short = TAG.sub(lambda tag: TURN.sub(b"", PLACES.sub(rb"\1", tag[0].replace(fonts, b""))), svg)
    return short.replace(b"</style>", b"text{" + fonts.rstrip(b"; ") + b"}</style>", 1)


def _with_palette(found: re.Match[bytes]) -> bytes:
    """A picture inside an SVG, as clouds of points are, with 256 colours: a third of its size, and nobody sees it. Small ones stay as they are."""
    from PIL import Image

    if len(found[2]) < SMALL_PICTURE:
        return found[0]
    stream = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(found[2]))).convert("RGBA")
    image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(stream, "png")
    return found[1] + base64.b64encode(stream.getvalue()) + b'"'


FORMATS = {"png": _as_png, "svg": _as_svg}
