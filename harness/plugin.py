"""Options and hooks. This file wires; what is decided is decided in `harness.run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.run.settings import OPTIONS, REFUSAL, resolve

if TYPE_CHECKING:
    from harness.run.session import Session

MARKERS = (
    "harness(declaration): carries what a test declares of itself (set by the decorators of harness)",
    "hypothesis: a cell of a hypothesis",
    "gate: must hold before what needs it is worth running",
    "quick: a gate that trains nothing and samples nothing (set by gate(..., quick=True))",
    "kill: a criterion which, when met, stops the experiment",
    "control: a positive, negative or canary control",
)
STATUS = {
    "falsified": ("failed", "F", ("FALSIFIED", {"yellow": True, "bold": True})),
    "error": ("error", "E", ("ERROR", {"red": True, "bold": True})),
    "inconclusive": ("skipped", "?", ("INCONCLUSIVE", {"yellow": True})),
    "blocked": ("skipped", "b", ("BLOCKED", {"yellow": True})),
    "killed": ("skipped", "k", ("KILLED", {"yellow": True})),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    from harness.opened_files import opened_files

    opened_files.start()  # the first hook that is called: the project's plugins and conftests are imported later, and what they read is noted
    group = parser.getgroup("harness", "alignment experiments as tests")
    for option in OPTIONS:
        shape: dict[str, Any] = {"metavar": option.metavar} if option.read else {"action": "store_true"}
        group.addoption(option.flag, dest=option.ini, default=None, help=option.help, **shape)
        parser.addini(option.ini, option.help, default="")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from harness import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    try:
        settings = resolve(config.rootpath, {option.name: config.getoption(option.ini) for option in OPTIONS}, config.getini)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    if number := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
        from harness.run.accelerators import visible_device

        if number.isdecimal():
            os.environ |= visible_device(int(number))
    if (settings.engine != "local" or settings.sessions or settings.mixed_gpus or settings.ray_address) and not hasattr(config, "workerinput"):
        from harness.run.engines import require_engine

        try:
            require_engine(settings, getattr(config.option, "numprocesses", None))
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None
    if settings.plan and hasattr(config.option, "dist"):
        config.option.dist, config.option.tx = "no", []
    if settings.offline:
        # Read by the libraries that would fetch; what is not here is then their error, at once.
        os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    config.pluginmanager.register(Hooks(config, settings), "harness-session")


class Hooks:
    """The hooks of one session. The heavy half is imported when the first declared test is met."""

    def __init__(self, config: pytest.Config, settings: Any) -> None:
        self.config, self.settings = config, settings
        self._session: Session | None = None
        self.telling: list[Any] = []
        self.progress: Any = None
        self.ending: Any = None
        self.broken = False  # True where a worker could not write its cells down
        self.refused = False  # True where an experiment was refused before anything ran
        self.hindered = ""  # what a hook of another plugin raised at the end of the session

    @property
    def session(self) -> Session:
        if self._session is None:
            from harness.run import fixtures
            from harness.run.domain_fixtures import register_domains
            from harness.run.logs import strike_keys
            from harness.run.session import SETTINGS, Session

            self.config.stash[SETTINGS] = self.settings
            session = Session(self.config, self.settings)
            strike_keys(self.config)
            if not self.config.pluginmanager.has_plugin("harness-fixtures"):
                register_domains(self.config)
                self.config.pluginmanager.register(fixtures, "harness-fixtures")
            self._session = session  # last, so that the next file of a session whose domains are broken is refused like the first
        return self._session

    @property
    def decides(self) -> bool:
        """True in the one process that decides and tells: the controller, or the only process there is."""
        return not hasattr(self.config, "workerinput")

    def end_in_order(self, running: Callable[[], bool]) -> None:
        """From here on SIGTERM and SIGHUP end this process as ctrl-C does."""
        if self.ending is None:
            from harness.run.signals import Ending

            self.ending = Ending(running)
            self.ending.install()
            self.config.add_cleanup(self.ending.restore)

    # collecting

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_file(self, file_path: Any) -> None:
        if file_path.suffix == ".py" and self._session is None:
            from harness.design.paths import folder_of

            if folder_of(file_path.parent, self.settings.root) is not None:
                try:
                    self.session  # noqa: B018  the first file of an experiment brings the fixtures
                except HarnessError as error:
                    raise pytest.Collector.CollectError(str(error)) from None

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        from harness.design.paths import folder_of, leads_back

        return True if leads_back(collection_path) and folder_of(collection_path.parent, self.settings.root) is not None else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if metafunc.definition.get_closest_marker("harness") is not None:
            from harness.run.collecting import parametrize

            try:
                self.session  # noqa: B018
                parametrize(metafunc, self.settings)
            except HarnessError as error:
                raise pytest.Collector.CollectError(str(error)) from None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        collected = list(items)
        yield
        if self._session is not None and collected:
            self.session.arrange(collected, items)
        if self._session is None or not self.session.founds:
            from harness.opened_files import opened_files

            opened_files.stop()  # no experiment, so nobody asks what was read

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.config.option.tbstyle == "no":
            from harness.run.collection_errors import name_reason

            name_reason(report)
        self.refused = self.refused or (report.failed and report.nodeid == REFUSAL)

    # running

    def pytest_sessionstart(self) -> None:
        if self.settings.run_dir and self.decides and not self.config.option.collectonly and not self.settings.plan:
            from harness.run.folder import sole_user

            self.config.add_cleanup(enter_context(sole_user(self.settings.run_dir)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        from harness.run.environment import command_line

        try:
            run = self.session.run
        except HarnessError as error:
            pytest.exit(f"harness: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
        node.workerinput |= {"harness_run": run, "harness_command": command_line(), "harness_dist": self.config.getoption("dist")}
        self.end_in_order(lambda: bool(self.session.folders()))
        self.tell_progress()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if self._session is None or not self.session.founds or session.testsfailed or self.config.option.collectonly:
            return None
        try:
            if self.settings.plan:
                from harness.run.planning import plan_lines

                self.telling = plan_lines(self.session)
                return True
            self.session.begin()
        except HarnessError as error:
            if self.decides:
                pytest.exit(f"harness: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
            session.shouldstop = f"harness: {error}"  # to xdist a worker that exits has crashed
            return True
        self.end_in_order(lambda: True)
        self.tell_progress()
        if not self.decides or self.settings.engine == "local":
            return None
        from harness.run.engines import load_engine

        load_engine(self.settings.engine)(session, self.session)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, bool | None, bool | None]:
        runner = self._session.runner if self._session else None
        if runner is None or item.nodeid not in runner.cells:
            return (yield)
        return (yield from runner.protocol(item, nextitem))

    @pytest.hookimpl(specname="pytest_runtest_protocol", tryfirst=True)
    def pytest_runtest_cell(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        runner = self._session.runner if self._session else None
        return runner.run(item, nextitem) if runner else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._session and self._session.runner:
            self._session.runner.before(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        if not (self._session and self._session.runner):
            return (yield)
        with self._session.runner.counted(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if self._session and self._session.runner:
            self._session.runner.judge(item, call, report)
        elif call.excinfo and call.excinfo.errisinstance(pytest.FixtureLookupError):
            from harness.run.domain_fixtures import explain_missing_fixture

            if explanation := explain_missing_fixture(call.excinfo.value):
                report.sections.append(("harness", explanation))
        return report

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        self.broken = self.broken or str(output.get("shouldstop", "")).startswith("harness: ")
        self.session.begun |= {Path(folder) for folder in output.get("harness_folders", ())}

    # telling

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        return STATUS.get(getattr(report, "harness_verdict", ""))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._session is not None:
            self.session.failures.append(getattr(report, "harness_verdict", "failed") if report.when == "call" else "error")

    def tell_progress(self) -> None:
        if self.progress is None:
            from harness.run.progress import begin_progress

            self.progress = begin_progress(self.config, self.session)

    def pytest_keyboard_interrupt(self) -> None:
        if self.ending is not None:
            self.ending.over = True

    @pytest.hookimpl(specname="pytest_sessionfinish", tryfirst=True)
    def pytest_session_ends(self) -> None:
        self.pytest_keyboard_interrupt()
        if self._session is not None and not self.decides:
            self.config.workeroutput["harness_folders"] = [str(folder) for folder in self.session.begun]  # type: ignore[attr-defined]

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        """Decides after the hooks of all others, also where one of them fails."""
        if self._session is None or self.settings.plan or self.config.option.collectonly:
            return (yield)
        try:
            return (yield)
        except pytest.exit.Exception:
            raise
        except Exception as error:
            from harness.run.outcome import place_of

            self.hindered = f"harness: another plugin failed at the end of the session: {place_of(error)}"
        finally:
            if self.decides:
                self.finish(session, exitstatus)
            elif self.hindered:
                self.config.workeroutput["shouldstop"] = self.hindered  # type: ignore[attr-defined]

    def finish(self, session: pytest.Session, exitstatus: int) -> None:
        from harness.run.finalize import finish_all
        from harness.run.finished import call_finished

        if self.progress is not None:
            self.progress.stop()
        if self.refused and exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = pytest.ExitCode.INTERRUPTED  # under xdist, too
        self.telling = call_finished(self.config.pluginmanager, finish_all(self.session))
        whole = all(told.results is not None and told.results.complete for told in self.telling)
        only_falsified = whole and bool(self.session.failures) and set(self.session.failures) == {"falsified"}
        if exitstatus == pytest.ExitCode.TESTS_FAILED and self.settings.falsified_ok and only_falsified:
            session.exitstatus = pytest.ExitCode.OK
        broken = any(cell.verdict == "error" for told in self.telling if told.results for cell in told.results.cells)
        if exitstatus == pytest.ExitCode.OK and (broken or not whole):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED  # also where every report passed, but a cell could not be written down
        if self.broken or self.hindered or str(session.shouldstop).startswith("harness: ") or any(told.problem for told in self.telling):
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR  # what was found could not be told

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None]:
        """Tells after all others, also where one of them fails."""
        try:
            return (yield)
        finally:
            if self.telling:
                from harness.run.summary import write

                write(terminalreporter, self.telling)
            elif self._session is not None:
                from harness.run.summary import write_findings

                write_findings(terminalreporter, self.session.open_findings())
            if self.hindered:
                terminalreporter.write_line(self.hindered, red=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        if self._session is not None:
            from harness.run.logs import strike_warning

            strike_warning(warning_message)


def enter_context(context: Any) -> Any:
    """Enters a context and returns what leaves it. A mistake becomes pytest's usage error."""
    try:
        context.__enter__()
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    return lambda: context.__exit__(None, None, None)
