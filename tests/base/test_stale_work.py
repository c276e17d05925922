"""Changed work is never reused, wherever its code is installed and whatever it reads; unchanged work is."""

from __future__ import annotations

import json
import os
import py_compile
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from fork_server import run_python
from harness.code_dependencies import dependencies_of
from toy import written

YAML = """\
id: jars
title: Jars hold beans
question: How many?
axes: {jar: [red]}
thresholds: {full: {value: 5, unit: pp, direction: increase}}
hypotheses: {H1: {cells: [jar], rule: {at_least: 1, of: jar}, thresholds: [full]}}
primary: H1
scales: {smoke: {settings: {share: 0.9, items: 40}}}
"""
TESTS = '''\
from harness import hypothesis


@hypothesis("H1")
def test_jar(jar, beans, measure, criterion):
    """A jar holds more than another."""
    before, after = beans("blue", 0.1), beans(jar, 0.9)
    assert criterion("full").holds(measure.shift("shift", after.outcomes("full"), before.outcomes("full"), sources=(after, before)))
'''
CONFTEST = '''\
import pytest

from harness.code_dependencies import dependencies_of


class Beans:
    """Counts beans."""

    def __init__(self, jar, share):
        self.jar, self.share = jar, share

    def describe(self):
        return {"jar": self.jar}

    def chunks(self, items):
        return [items]

    def score(self, chunk):
        with open("scored.txt", "a") as stream:
            stream.write("x")
        return [{"item": item, "full": number < self.share * len(chunk)} for number, item in enumerate(chunk)]


@pytest.fixture
def beans(gather, settings):
    return lambda jar, share: gather(jar, Beans(jar, share), [f"i{number:02}" for number in range(settings["items"])])
'''


SPEC = """    import importlib.util
    found = importlib.util.spec_from_file_location("made", "data/made.py")
    found.loader.exec_module(importlib.util.module_from_spec(found))
    before"""


class Jars:
    """A tiny experiment in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path: list[str] = []
        for name, text in {
            "pytest.ini": "[pytest]\n",
            "evals/jars/experiment.yaml": YAML,
            "evals/jars/test_jars.py": TESTS,
            "evals/jars/conftest.py": CONFTEST,
        }.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def run(self, *words: str, cell: bool = True, folder: str = ".") -> dict[str, Any]:
        """results.json of a run, whose first `cell` is no error."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))}
        if self.path:
            environment["PYTHONPATH"] = os.pathsep.join(self.path)
        quiet = ["-q", "-p", "no:anyio", "-p", "no:hypothesispytest", "--harness-no-report"]
        command = [sys.executable, "-m", "pytest", str(self.root / "evals/jars"), *quiet, *words]
        done = run_python(command, self.root / folder, environment)
        self.said = done.stdout + done.stderr
        ended = sorted((self.root / "reports/jars").glob("2*/results.json"), key=written)
        assert ended, self.said
        found: dict[str, Any] = json.loads(ended[-1].read_text(encoding="utf-8"))
        assert not cell or found["cells"][0]["verdict"] != "error", self.said
        return found

    def reused(self) -> bool:
        return self.run()["execution"]["reused"] == ["H1[red]"]

    @property
    def scored(self) -> int:
        path = self.root / "scored.txt"
        return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def jars(tmp_path: Path) -> Jars:
    return Jars(tmp_path)


def install(folder: Path, name: str, code: str, requires: str = "") -> None:
    """A distribution as pip would leave it: the module, METADATA and RECORD."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "__init__.py").write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(exist_ok=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}")
    digest = sha256(code.encode()).hexdigest()
    info.joinpath("RECORD").write_text(f"{name}/__init__.py,sha256={digest},{len(code)}\n{name}-1.0.dist-info/RECORD,,\n")


def test_code_counts_wherever_it_is_installed(jars: Jars, tmp_path: Path) -> None:
    """Installed modules and what they require, src layouts, `pythonpath`, relative imports, plugins, sibling packages, editable installs, imports by a
    name made at run time: an edit of any of them runs the cell again, and without one it is reused."""
    site, elsewhere = tmp_path / "site", tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    install(site, "installed", "import deeper\nA = 1\n", "Requires-Dist: deeper\n")
    install(site, "deeper", "A = 1\n")
    elsewhere.mkdir()
    (elsewhere / "editable.py").write_text("A = 1\n")
    jars.path = [str(site), str(elsewhere), str(tmp_path)]
    jars.write("pytest.ini", "[pytest]\npythonpath = src\n")
    for name in ("src/layout/inner.py", "plugged.py", "sibling/part.py", "dynamic.py", "lazy.py"):
        jars.write(name, "A = 1\n")
    jars.write("src/layout/__init__.py", "from .inner import A\n")
    jars.write("sibling/__init__.py", "")
    jars.write("conftest.py", 'pytest_plugins = ["plugged"]\n')
    imports = "import importlib\n\nimport editable\nimport installed\nimport layout\nfrom sibling import part\n\nimportlib.import_module('dyn' + 'amic')\n\n\n"
    jars.write("evals/jars/test_jars.py", imports + TESTS.replace("    before", "    import lazy  # noqa\n    before", 1))
    jars.run()
    assert jars.reused()
    changed = [site / "installed/__init__.py", site / "deeper/__init__.py", elsewhere / "editable.py", tmp_path / "src/layout/inner.py"]
    changed += [tmp_path / name for name in ("plugged.py", "sibling/part.py", "dynamic.py", "lazy.py")]
    for file in changed:
        file.write_text(file.read_text().replace("A = 1", "A = 2"))
        assert not jars.reused(), f"{file} was changed"
    assert jars.reused()


def test_a_release_of_an_installed_package_runs_the_cell_again(jars: Jars, tmp_path: Path) -> None:
    """A new version counts even where the module is the same."""
    site = tmp_path / "site"
    install(site, "installed", "A = 1\n")
    jars.path = [str(site)]
    jars.write("evals/jars/test_jars.py", "import installed\n" + TESTS)
    jars.run()
    assert jars.reused()
    record = site / "installed-1.0.dist-info/METADATA"
    record.write_text(record.read_text().replace("1.0", "1.1"))
    assert not jars.reused()


def test_words_for_the_reader_run_nothing_again(jars: Jars) -> None:
    """Docstrings, comments, layout, titles: the cell is reused; beside a lock the changed claim is a deviation."""
    lock = [sys.executable, "-m", "harness.cli", "lock", "evals/jars"]
    assert run_python(lock, jars.root, dict(os.environ)).returncode == 0
    jars.run()
    jars.edit("evals/jars/test_jars.py", "holds more than another", "holds fewer than another")
    jars.edit("evals/jars/conftest.py", "Counts beans.", "Counts all beans.")
    jars.edit("evals/jars/conftest.py", "import pytest", "import pytest  # for its fixtures\n\n")
    found = jars.run()
    assert found["execution"]["reused"] == ["H1[red]"]
    assert [deviation["what"] for deviation in found["promise"]["deviations"]] == ["claims/H1"]


def test_a_docstring_that_the_code_reads_is_code(jars: Jars) -> None:
    """A prompt that stands in a docstring counts, wherever in the project it stands."""
    jars.write("evals/jars/test_jars.py", "PROMPT = len(__doc__ or '')\n\n" + TESTS)
    jars.run()
    jars.edit("evals/jars/conftest.py", "Counts beans.", "Counts all beans.")
    assert not jars.reused()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("conftest.py", "number < self.share", "number <= self.share"),  # a repaired score
        ("conftest.py", "Beans(jar, share)", "Beans(jar, share / 2)"),  # another parameter that describe() does not name
        ("experiment.yaml", "share: 0.9", "share: 0.6"),  # a setting that reaches the measure
        ("conftest.py", "return [0.0]", "return [0.5]"),  # a model that it holds
    ],
)
def test_a_measure_is_known_by_its_code_and_its_state(jars: Jars, file: str, old: str, new: str) -> None:
    """A measure whose describe() says nothing of it samples again when its code, a parameter, a setting or its model changes, and not otherwise."""
    model = "\n\nclass Model:\n    def weights(self):\n        return [0.0]\n"
    jars.edit(
        "evals/jars/conftest.py", "self.jar, self.share = jar, share", "self.jar, self.share, self.model, self.weights = jar, share, Model(), Model().weights()"
    )
    jars.write("evals/jars/conftest.py", (jars.root / "evals/jars/conftest.py").read_text().replace("import pytest\n", f"import pytest\n{model}", 1))
    jars.edit("evals/jars/conftest.py", "Beans(jar, share)", "Beans(jar, share if jar == 'blue' else settings['share'])")
    if "Beans" in old:
        old, new = "if jar == 'blue' else settings['share']", "if jar == 'blue' else settings['share'] / 2"
    jars.run()
    assert jars.scored == 2
    jars.edit("evals/jars/test_jars.py", "before, after =", "assert jar\n    before, after =")
    assert not jars.reused() and jars.scored == 2, "another test on the same samples"
    assert "samples: 80 rows, 80 of them reused" in jars.said
    jars.edit(f"evals/jars/{file}", old, new)
    assert not jars.reused() and jars.scored > 2


@pytest.mark.parametrize("where", ["test", "import", "score", "database", "listing", "missing", "source", "walk", "update", "spec", "line"])
def test_a_file_that_inputs_does_not_name_counts_when_it_was_read(jars: Jars, where: str) -> None:
    """Read in a test, while a conftest is imported, by a measure, by sqlite, as the names in a folder, as source that is not imported, or looked for in
    vain: a change of it runs the cell again; one of a file that nobody read does not."""
    jars.write("data/list.txt", "one\n")
    jars.write("data/other.txt", "one\n")
    reading = {
        "test": ("test_jars.py", "    before", "    open('data/list.txt').read()\n    before"),
        "import": ("conftest.py", "import pytest\n", "import pytest\nLIST = open('data/list.txt').read()\n"),
        "score": ("conftest.py", "        with open", "        open('data/list.txt').read()\n        with open"),
        "database": ("test_jars.py", "    before", "    import sqlite3\n    sqlite3.connect('data/list.db').close()\n    before"),
        "listing": ("test_jars.py", "    before", "    import pathlib\n    list(pathlib.Path('data/deep').glob('*.txt'))\n    before"),
        "source": ("test_jars.py", "    before", "    exec(open('data/made.py').read())\n    before"),
        "walk": ("test_jars.py", "    before", "    import os\n    list(os.walk('data/deep'))\n    before"),
        "update": ("test_jars.py", "    before", "    open('data/list.txt', 'r+').read()\n    before"),
        "line": ("test_jars.py", "    before", "    import linecache\n    linecache.getline('data/list.txt', 1)\n    before"),
        "spec": ("test_jars.py", "    before", SPEC),
        "missing": ("test_jars.py", "    before", "    try:\n        open('data/maybe.txt').read()\n    except OSError:\n        pass\n    before"),
    }
    file, old, new = reading[where]
    jars.write("data/list.db", "")
    jars.write("data/made.py", "ONE = 1\n")
    jars.write("data/deep/a.txt", "one\n")
    jars.edit(f"evals/jars/{file}", old, new)
    jars.run()
    scored = jars.scored
    jars.write("data/other.txt", "two\n")
    assert jars.reused()
    jars.write(
        {
            "listing": "data/deep/b.txt",
            "missing": "data/maybe.txt",
            "database": "data/list.db",
            "source": "data/made.py",
            "spec": "data/made.py",
            "walk": "data/deep/b.txt",
        }.get(where, "data/list.txt"),
        "two = 2\n",
    )
    assert not jars.reused()
    assert (jars.scored > scored) == (where in ("score", "import", "spec"))
    assert jars.reused()


MANY = """
import dataclasses
import importlib.util
import os
import pkgutil
import sqlite3
import sys

import archived
import datap


def load(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def read_all():
    sqlite3.connect("file:data/uri.db?mode=ro", uri=True).execute("select * from t").fetchall()
    sqlite3.connect("data/wal.db").execute("select * from t").fetchall()
    pkgutil.get_data("pk", "d.txt")
    load("inst" + "d"), load("sourc" + "eless"), load("late" + "r")
    open("data/cache.jsonl", "a").close()
    open("data/plus.jsonl", "a+").read()
    for name in ("cache.jsonl", "../reports/old/w.txt", ".hypothesis/w.txt"):
        open(os.path.join("data", name)).read()
    load("tun" + "ed"), importlib.util.find_spec("spe" + "cial")
    sys.path.insert(0, "evals/other")
    load("li" + "b")
    os.makedirs("out", exist_ok=True)
    open("out/made.txt", "w").close()
    open("out/made.txt").read()
    list(os.scandir("reports")), list(os.scandir("reports/jars"))
"""


def test_every_way_of_reading_counts(jars: Jars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases by URI and their write-ahead logs, data beside modules and in installed packages, modules under names made at run time wherever they are
    or are not yet, archives, logs that are opened for appending before they are read, earlier reports, folders that are called like a tool's."""
    base = tmp_path.with_name(f"{tmp_path.name}-base")
    monkeypatch.setenv("PYTHONUSERBASE", str(base))
    user = base / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    install(user, "datap", "import pathlib\nA = pathlib.Path(__file__).with_name('d.txt').read_text()\n")
    install(user, "instd", "A = 1\n")
    jars.path = [str(user), str(tmp_path), str(tmp_path / "lib.zip"), str(tmp_path / "compiled")]
    texts = (
        "pk/__init__.py",
        "pk/d.txt",
        "data/cache.jsonl",
        "data/plus.jsonl",
        "reports/old/w.txt",
        "data/.hypothesis/w.txt",
        "evals/other/lib.py",
        "compiled/later.py",
    )
    for name in texts:
        jars.write(name, "")
    (user / "datap/d.txt").write_text("")
    jars.write("evals/other/experiment.yaml", YAML.replace("id: jars", "id: other"))

    def archive(text: str) -> None:
        with ZipFile(tmp_path / "lib.zip", "w") as stream:
            stream.writestr("archived.py", text)

    def compile_to(text: str) -> None:
        jars.write("compiled/sourceless.txt", text)
        py_compile.compile(str(tmp_path / "compiled/sourceless.txt"), cfile=str(tmp_path / "compiled/sourceless.pyc"))

    archive("A = 1\n")
    compile_to("A = 1\n")
    databases = {name: sqlite3.connect(tmp_path / f"data/{name}.db") for name in ("uri", "wal")}
    databases["wal"].execute("pragma journal_mode=wal")
    for database in databases.values():
        database.execute("create table t(v)")
        database.commit()

    def insert(name: str) -> None:
        databases[name].execute("insert into t values (1)")
        databases[name].commit()

    jars.edit("evals/jars/test_jars.py", "    before", "    read_all()\n    before")
    jars.write("evals/jars/test_jars.py", MANY + (jars.root / "evals/jars/test_jars.py").read_text())
    jars.run()
    assert jars.reused()
    changes: dict[str, Callable[[], object]] = {
        "uri": lambda: insert("uri"),
        "wal": lambda: insert("wal"),
        "zip": lambda: archive("A = 2\n"),
        "compiled": lambda: compile_to("A = 2\n"),
        "instd": lambda: install(user, "instd", "A = 2\n"),
        "datap": lambda: (user / "datap/d.txt").write_text("2"),
    }
    changes |= {name: partial(jars.write, name, "A = 2\n") for name in (*texts[1:], "tuned.py", "special/__init__.py", "later.py")}
    for name, change in changes.items():
        change()
        assert not jars.reused(), f"{name} was changed"
    assert jars.reused()
    for database in databases.values():
        database.close()


REWRITING = {
    "other": ("open(PATH, 'w').write('2')", False),
    "same": ("open(PATH, 'w').write('1')", True),
    "moved": ("open('new.txt', 'w').write('2')\n    os.replace('new.txt', PATH)", False),
    "moved same": ("open('new.txt', 'w').write('1')\n    os.replace('new.txt', PATH)", True),
    "elsewhere": ("subprocess.run(['sh', '-c', f'echo 2 > {PATH}'], check=True)", False),
    "added": ("open(PATH, 'a').write('2')", False),
    "removed": ("os.path.exists(PATH) and os.remove(PATH)", False),
}


@pytest.mark.parametrize("way", REWRITING)
def test_a_file_counts_by_what_it_held_when_it_was_read(jars: Jars, way: str) -> None:
    """A test that writes to its own input would read something else the next time: it runs again; one that writes the same does not."""
    text, reused = REWRITING[way]
    jars.write("data/list.txt", "1")
    code = f"    import os, pathlib, subprocess\n    PATH = 'data/list.txt'\n    os.path.exists(PATH) and open(PATH).read()\n    {text}\n    before"
    jars.edit("evals/jars/test_jars.py", "    before", code)
    jars.run()
    assert jars.reused() == reused


def test_the_working_folder_counts_where_a_relative_name_was_opened(jars: Jars) -> None:
    """From another folder `open("data/list.txt")` means another file; a cell that reads by whole paths is reused from anywhere."""
    jars.write("data/list.txt", "1")
    jars.write("evals/data/list.txt", "2")
    jars.edit("evals/jars/test_jars.py", "    before", "    import pathlib\n    open(pathlib.Path(__file__).parents[2] / 'data/list.txt').read()\n    before")
    jars.run()
    assert jars.run(folder="evals")["execution"]["reused"] == ["H1[red]"]
    jars.edit("evals/jars/test_jars.py", "pathlib.Path(__file__).parents[2] / 'data/list.txt'", "'data/list.txt'")
    jars.run()
    assert jars.run(folder="evals")["execution"]["reused"] == []


@pytest.mark.parametrize(
    ("head", "reused"),
    [
        ("import pydantic\n\n\nclass Answer(pydantic.BaseModel):", False),
        ("import dataclasses\n\n\n@dataclasses.dataclass\nclass Answer:", False),
        ("from typing import TypedDict\n\n\nclass Base(TypedDict):\n    x: int\n\n\nclass Answer(Base):", False),
        ("import pydantic\n\n\n@pydantic.validate_call\ndef answer():", False),
        ("class Base:\n    @property\n    def x(self):\n        'WORDS'\n\n    @x.setter\n    def x(self, x):", True),
        ("class Base:\n    pass\n\n\nclass Answer(Base):", True),
        ("import functools\n\n\n@functools.cache\ndef answer():", True),
    ],
)
def test_a_docstring_that_a_library_may_read_is_code(jars: Jars, head: str, reused: bool) -> None:
    """Base classes and decorators hand docstrings on: pydantic puts them into schemas, tools into prompts. Those of plain code are words for people."""
    indent = "    " if "setter" not in head else "        "
    jars.write("words.py", f"{head}\n{indent}'WORDS'\n")
    jars.path = [str(jars.root)]
    jars.edit("evals/jars/test_jars.py", "from harness", "import words\nfrom harness")
    jars.run()
    jars.edit("words.py", "WORDS", "OTHER WORDS")
    assert jars.reused() == reused


@pytest.mark.parametrize("into", ["BEANS['share'] = settings['share']", "Beans.default = settings['share']"])
def test_a_setting_that_reaches_a_measure_by_its_class_or_a_global_counts(jars: Jars, into: str) -> None:
    """A fixture that writes a setting into a global or a class attribute changes what the measure draws: its samples are drawn again."""
    read = "BEANS['share']" if "BEANS" in into else "self.default"
    jars.edit("evals/jars/conftest.py", "import pytest\n", "import pytest\n\nBEANS = {'share': 0.9}\n")
    jars.edit("evals/jars/conftest.py", "number < self.share", f"number < (0.1 if self.jar == 'blue' else {read})")
    jars.edit("evals/jars/conftest.py", "    return lambda jar", f"    {into}\n    return lambda jar")
    jars.run()
    drawn = jars.scored
    assert jars.reused() and jars.scored == drawn
    jars.edit("evals/jars/experiment.yaml", "share: 0.9", "share: 0.6")
    assert not jars.reused() and jars.scored > drawn


HELPERS = {
    "module": ("", "config.SHARE", "config.SHARE = settings['share']"),
    "within": ("", "config.share()", "config.SHARE = settings['share']"),
    "passed on": ("def read(module):\n    return module.SHARE\n", "read(config)", "config.SHARE = settings['share']"),
    "local": ("def read():\n    from config import SHARE\n    return SHARE\n", "read()", "config.SHARE = settings['share']"),
    "function": ("def read():\n    return read.share\n", "read()", "read.share = settings['share']"),
    "cache": ("import functools\nBEANS = {}\n@functools.cache\ndef read():\n    return BEANS['share']\n", "read()", "BEANS['share'] = settings['share']"),
}


@pytest.mark.parametrize("way", HELPERS)
def test_a_setting_that_a_fixture_leaves_with_a_module_or_a_function_counts(jars: Jars, way: str) -> None:
    """In a module of the project, read by the measure or by what it calls; in an attribute of a function; in a global behind a cache."""
    helper, read, into = HELPERS[way]
    jars.path = [str(jars.root)]
    jars.write("config.py", "SHARE = 0.9\n\n\ndef share():\n    return SHARE\n")
    jars.edit("evals/jars/conftest.py", "import pytest\n", f"import config\nimport pytest\n{helper}")
    jars.edit("evals/jars/conftest.py", "number < self.share", f"number < (0.1 if self.jar == 'blue' else {read})")
    jars.edit("evals/jars/conftest.py", "    return lambda jar", f"    {into}\n    return lambda jar")
    jars.run()
    drawn = jars.scored
    jars.edit("evals/jars/test_jars.py", "before, after =", "assert jar\n    before, after =")
    assert not jars.reused() and jars.scored == drawn
    jars.edit("evals/jars/experiment.yaml", "share: 0.9", "share: 0.6")
    assert not jars.reused() and jars.scored > drawn


def test_options_that_the_project_declares_count(jars: Jars) -> None:
    """A fixture may read an option or an ini key of the project's own conftest; those of pytest itself do not count."""
    jars.write("conftest.py", "def pytest_addoption(parser):\n    parser.addoption('--share', default='1')\n    parser.addini('beans', 'x', default='0')\n")
    jars.run()
    assert jars.run("--maxfail=3")["execution"]["reused"] == ["H1[red]"]
    assert jars.run("--share=2")["execution"]["reused"] == []
    jars.write("pytest.ini", "[pytest]\nbeans = 2\n")
    assert not jars.reused()


def test_processes_that_plan_different_cells_are_refused(jars: Jars) -> None:
    """An identity that differs from process to process would make every worker's cells another's missing ones: one line says so."""
    jars.write("conftest.py", "import os\n\n\ndef pytest_harness_identity(settings, planning):\n    return {'process': os.getpid()}\n")
    jars.edit("evals/jars/experiment.yaml", "jar: [red]", "jar: [red, green, grey, black]")
    assert jars.run("-n2", cell=False)["complete"] is False
    assert "plan different cells under the same names" in jars.said and "Traceback" not in jars.said


@pytest.mark.parametrize("line", ["import harness.measures", "from harness import measures", "from harness.measures import *"])
def test_who_holds_a_package_depends_on_all_that_it_hands_on(tmp_path: Path, line: str) -> None:
    """`harness.measures.probe` is loaded when it is asked for, so no import names its module."""
    (tmp_path / "score.py").write_text(f"{line}\n")
    found = dependencies_of((), [tmp_path / "score.py"], tmp_path)
    assert {"harness.measures.probing", "harness.measures.cka", "harness.measures.refusal_phrases"} <= found.own.keys()


def test_who_takes_one_public_name_depends_on_its_module_alone(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("from harness.measures import refuses\n")
    found = dependencies_of((), [tmp_path / "score.py"], tmp_path).own
    assert "harness.measures.refusal_phrases" in found and "harness.measures.probing" not in found
