"""What a reader sees of a figure: the texts of its SVG and where they stand, which are text and no outlines."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree


class Text(NamedTuple):
    """A text, its place in points from the top left corner, its size in points, and which of its ends stands at the place."""

    text: str
    x: float
    y: float
    size: float
    anchor: str


def texts(svg: bytes) -> list[Text]:
    """All texts in the order in which they were drawn."""
    return [_text(element) for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def words(svg: bytes) -> list[str]:
    return [found.text for found in texts(svg)]


def size_of(svg: bytes) -> tuple[float, float]:
    """Width and height in points."""
    root = ElementTree.fromstring(svg)
    return float(root.attrib["width"].removesuffix("pt")), float(root.attrib["height"].removesuffix("pt"))


def _text(element: ElementTree.Element) -> Text:
    style = dict(part.split(": ", 1) for part in element.attrib["style"].split("; "))
    size = float(style["font-size"].removesuffix("px"))
    return Text(element.text or "", float(element.attrib.get("x", "nan")), float(element.attrib.get("y", "nan")), size, style.get("text-anchor", "start"))
