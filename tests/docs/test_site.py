"""The site of the documentation builds without a warning, and its pages load nothing from the network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
LOADED = "script[src], img[src], iframe[src], link[rel=stylesheet], link[rel=preload], link[rel=icon]"
REMOTE = re.compile(r"(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--quiet",
        "--fail-on-warning",
        "--keep-going",
        "-c",
        "docs",
        "-d",
        str(folder / "doctrees"),
        ".",
        str(folder / "html"),
    ]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert build.returncode == 0, build.stderr
    return folder / "html"


def test_every_page_is_built(site: Path) -> None:
    """The README, the guide, everything in docs/ and the changelog; `index.html` leads to the README."""
    sources = [*ROOT.glob("*.md"), *ROOT.glob("[!.]*/README.md"), *ROOT.glob("docs/**/*.md")]
    missing = [path for source in sources if not (site / (path := source.relative_to(ROOT).with_suffix(".html"))).exists()]
    assert not missing
    assert "README.html" in (site / "index.html").read_text(encoding="utf-8")


def test_no_page_loads_anything_remote(site: Path) -> None:
    """Scripts, styles, fonts and images are files of the site. Links for a reader to follow may lead anywhere."""
    for page in site.rglob("*.html"):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        addresses = [str(tag.get("src") or tag.get("href")) for tag in soup.select(LOADED)]
        assert not [address for address in addresses if REMOTE.match(address)], page


def test_no_style_loads_anything_remote(site: Path) -> None:
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", sheet.read_text(encoding="utf-8")), sheet
