"""Collects experiments with pytest, quietly, for the commands that look at declarations."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from harness.commands import install_missing
from harness.errors import HarnessError
from harness.run.collection_errors import reason_of

# This command imported the package before pytest could rewrite its asserts; a project that turns warnings into errors need not mind.
REWRITE = "ignore::pytest.PytestAssertRewriteWarning"


def collect(words: list[str], use: Callable[[Any], Any]) -> Any:
    """Collects with pytest, quietly, and hands the session to `use`. Raises HarnessError with what pytest could not collect."""
    import pytest

    class Catch:
        """Keeps what a collection found."""

        problems: list[str] = []  # noqa: RUF012
        value: Any = None

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                self.problems.append(reason_of(str(report.longrepr)))

        def pytest_collection_finish(self, session: pytest.Session) -> None:
            hooks: Any = session.config.pluginmanager.get_plugin("harness-session")
            if hooks is not None and not self.problems:
                try:
                    self.value = use(hooks.session)
                except Exception as error:  # pytest would call its own what a hook of the project raises
                    self.problems.append(str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}")

    catch, out = Catch(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = pytest.main(["--collect-only", "-q", "--capture=no", "-p", "no:cacheprovider", "-W", REWRITE, *words], plugins=[catch])
    if catch.problems:
        raise HarnessError(catch.problems[0].removeprefix("ERROR: "), mend=install_missing(catch.problems[0]))
    if not catch.value:
        last = [line for line in out.getvalue().splitlines() if line.strip()][-1:] or ["nothing was collected"]
        mend = "No cell fits -k" if "deselected" in last[0] else "Name a folder with an experiment"
        raise HarnessError(last[0].removeprefix("ERROR: "), mend=mend if code != 4 else "")
    return catch.value
