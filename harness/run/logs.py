"""Keys are struck out of what pytest shows beside the reports of tests: its log files, its live log, its summary of warnings."""

from __future__ import annotations

import logging
import warnings

import pytest

from harness.run.redact import make_printable, redact


def strike_keys(config: pytest.Config) -> None:
    """From here on --log-file and the live log hold no keys."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for handler in filter(None, (getattr(plugin, name, None) for name in ("log_file_handler", "log_cli_handler"))):
        strike_from(handler)


def strike_from(handler: logging.Handler) -> None:
    write = handler.format
    handler.format = lambda record: redact(write(record))  # type: ignore[method-assign]


def strike_warning(found: warnings.WarningMessage) -> None:
    """Takes keys and commands to a terminal out of a warning that was recorded."""
    text = str(found.message)
    if make_printable(text) != text:
        found.message = Warning(make_printable(text))  # its category stays, and that is what is shown
