"""Who may import whom, how long things may get, and what no file may contain.

The picture is in docs/architecture.md; this holds it. A failure names file, line and the way out.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: What each room may import, besides itself: only what lies below.
MAY_IMPORT = {
    "errors": set(),
    "ocr": {"errors"},
    "storage": {"errors"},
    "pipeline": {"errors", "ocr", "storage"},
    "config": {"errors", "ocr", "storage", "pipeline"},
    "reports": {"errors", "ocr", "storage", "pipeline", "config"},
    "commands": {"errors", "ocr", "storage", "pipeline", "config", "reports"},
    "cli": {"errors", "ocr", "storage", "pipeline", "config", "reports", "commands"},
}
#: The job shell is where a worker process begins, so it has to read the settings itself.
EXCEPTIONS = {("pipeline.jobs", "config")}

MODULE_LINES = 400
FUNCTION_LINES = 70


class Source(NamedTuple):
    """One Python file of the product, parsed."""

    module: str
    path: str
    tree: ast.Module
    lines: int

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")


class Import(NamedTuple):
    """A line that imports a module of ours."""

    line: int
    module: str


def parse(module: str, path: str, text: str) -> Source:
    return Source(module, path, ast.parse(text), text.count("\n"))


def declared() -> tuple[list[str], list[str]]:
    """Modules and packages that pyproject.toml ships."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    return tool["py-modules"], tool["packages"]


def product() -> Iterator[Source]:
    modules, packages = declared()
    files = [file for name in modules if (file := ROOT / f"{name}.py").is_file()]
    for package in packages:
        files += (ROOT / package.replace(".", "/")).glob("*.py")
    for file in sorted(files):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield parse(name, str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))


SOURCES = {source.module: source for source in product()}


def imports_of(source: Source, known: set[str]) -> Iterator[Import]:
    """All imports of our own modules, also those inside functions and for type checkers only."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _known(node.lineno, [alias.name], known)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            for alias in node.names:
                yield from _known(node.lineno, [f"{base}.{alias.name}", base], known)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    parent = parts[: len(parts) - node.level + source.is_package]
    return ".".join([*parent, *([node.module] if node.module else [])])


def _known(line: int, candidates: list[str], known: set[str]) -> Iterator[Import]:
    """The first candidate that is a module of ours: ``from pipeline import flow`` means pipeline.flow."""
    found = next((name for name in candidates if name in known), None)
    if found:
        yield Import(line, found)


def room(module: str) -> str:
    return module.partition(".")[0]


def forbidden_imports(source: Source, known: set[str]) -> Iterator[str]:
    here = room(source.module)
    for line, module in imports_of(source, known):
        there = room(module)
        if there not in {here, *MAY_IMPORT[here]} and (source.module, there) not in EXCEPTIONS:
            allowed = ", ".join(sorted(MAY_IMPORT[here])) or "nothing of ours"
            yield (
                f"{source.path}:{line}: {here} must not import {module} (it may import {allowed}). "
                "Take what is needed as an argument, or move the code up to where both are known."
            )


def report(problems: list[str]) -> str:
    return "\n".join(["", *problems])


# --- imports ---------------------------------------------------------------------------------------


def test_imports_go_downwards_only():
    problems = [line for source in SOURCES.values() for line in forbidden_imports(source, set(SOURCES))]
    assert not problems, report(problems)


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {found.module for found in imports_of(source, set(SOURCES))} - {name}
        for name, source in SOURCES.items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib lists who is needed before who needs it; a reader wants "imports".
        circle = " imports ".join(reversed(error.args[1]))
        pytest.fail(f"{circle}. Move what both need into a module below them.")


def test_every_room_has_its_place_in_the_picture():
    rooms = {room(name) for names in declared() for name in names}
    missing = [
        f"{name}: say in MAY_IMPORT what it may import, and draw it" for name in rooms - set(MAY_IMPORT)
    ]
    assert not missing, report(missing)


def test_pyproject_ships_what_is_there():
    modules, packages = declared()
    there = {file.parent.relative_to(ROOT) for name in MAY_IMPORT for file in (ROOT / name).rglob("*.py")}
    assert {".".join(folder.parts) for folder in there} == set(packages), "[tool.setuptools] packages"
    assert [name for name in modules if not (ROOT / f"{name}.py").is_file()] == [], (
        "[tool.setuptools] py-modules"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "import config",
        "import config.settings as settings",
        "from config import settings",
        "from config.settings import Settings",
        "def late():\n    from config.settings import Settings",
        "from ..config import settings",
    ],
)
def test_the_rule_notices_each_way_to_import(statement: str):
    known = {"config", "config.settings", "ocr", "ocr.engine"}
    source = parse("ocr.engine", "ocr/engine.py", statement)
    assert list(forbidden_imports(source, known))


def test_only_the_job_shell_of_the_pipeline_reads_settings():
    known = {"config", "pipeline.jobs", "pipeline.flow"}
    shell, step = (parse(name, f"{name}.py", "import config") for name in ("pipeline.jobs", "pipeline.flow"))
    assert not list(forbidden_imports(shell, known))
    assert list(forbidden_imports(step, known))


# --- errors ----------------------------------------------------------------------------------------


def test_errors_are_defined_in_one_file():
    # One that never leaves its module (its name begins with _) is no promise to anybody.
    problems = [
        f"{source.path}:{node.lineno}: {node.name} belongs into errors.py, with its code and hint"
        for source in SOURCES.values()
        if source.module != "errors"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for base in node.bases
        if re.search(r"(Error|Exception)$", ast.unparse(base))
    ]
    assert not problems, report(problems)


# --- sizes -----------------------------------------------------------------------------------------


def helpers() -> Iterator[Source]:
    """Code that is not shipped, but read like the product: specimens, benchmarks, fixtures."""
    for folder in ("tests", "bench"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if not file.name.startswith("test_"):
                yield parse("", str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))


def sized() -> Iterator[Source]:
    # A migration is history: it is not rewritten because it is long.
    # The errors are a table and have to stand in one file, however many there are.
    yield from (
        source
        for source in SOURCES.values()
        if ".migrations.versions." not in source.module and source.module != "errors"
    )
    yield from helpers()


def test_modules_can_be_read_at_one_sitting():
    problems = [
        f"{source.path}: {source.lines} lines, at most {MODULE_LINES}; give a part of it its own module"
        for source in sized()
        if source.lines > MODULE_LINES
    ]
    assert not problems, report(problems)


def test_functions_can_be_seen_at_a_glance():
    problems = [
        f"{source.path}:{node.lineno}: {node.name}() has {length} lines, at most {FUNCTION_LINES}; "
        "split off a step"
        for source in sized()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not problems, report(problems)


# --- what no file may contain ----------------------------------------------------------------------

#: These patterns do not match their own source text, so this file needs no exception.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|opt|Users|home/\w+)/")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|deb\.debian|security\.debian)\.(?:org|com)\b")
ANY_ADDRESS = re.compile(r"\w+:/{2}|--(?:extra-)?index-url|--find-links|--trusted-host")


def tracked() -> Iterator[Path]:
    """Files that are, or would be, committed."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed, so nobody can say which files are tracked")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip(f"not a git checkout: {listing.stderr.decode().strip()}")
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    yield from (path for path in paths if path.is_file())


def occurrences(pattern: re.Pattern[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if found := pattern.search(line):
            yield f"{path.relative_to(ROOT)}:{number}: '{found[0]}'"


def test_no_file_knows_a_path_of_somebodys_machine():
    problems = [
        f"{found}: make it relative" for path in tracked() for found in occurrences(MACHINE_PATH, path)
    ]
    assert not problems, report(problems)


def test_no_file_names_a_package_registry():
    problems = [
        f"{found}: leave the address out; each machine has its own index or mirror configured"
        for path in tracked()
        for found in occurrences(REGISTRY, path)
    ]
    assert not problems, report(problems)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-peers.lock"])
def test_locks_pin_and_hash_everything_without_an_address(lock: str):
    problems = [
        f"{found}: write the lock with script/lock" for found in occurrences(ANY_ADDRESS, ROOT / lock)
    ]
    assert not problems, report(problems)
    entries = re.findall(r"^\S+==\S+ .*?(?=^\S|\Z)", (ROOT / lock).read_text(), re.MULTILINE | re.DOTALL)
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_locks_agree():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock"), "run script/lock"


def test_the_locks_hold_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        "requirements.lock": project["dependencies"],
        "requirements-dev.lock": project["dependencies"] + project["optional-dependencies"]["dev"],
    }
    for lock, requirements in wanted.items():
        locked = set(re.findall(r"^(\S+)==", (ROOT / lock).read_text(), re.MULTILINE))
        names = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in requirements}
        assert names <= locked, f"{lock} lacks {sorted(names - locked)}; run script/lock"
