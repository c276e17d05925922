"""The site of the documentation: `make docs` builds it in build/docs.

Its source folder is the root of the repository, so a relative link leads to the same file on a code host and in the site.
"""

project = "harness"
extensions = ["myst_parser", "sphinx_external_toc"]
external_toc_path = "docs/toc.yml"
external_toc_exclude_missing = True  # only what toc.yml lists is a page
exclude_patterns = [".*", "build"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "harness"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_show_copyright = False


def setup(app: object) -> None:  # noqa: ARG001  Sphinx gives its application
    """JSON lines are shown as JSON is: Pygments has no name for them."""
    from pygments.lexers.data import JsonLexer
    from sphinx.highlighting import lexers

    lexers["jsonl"] = JsonLexer()
