"""The house as a test: which room may import which, what may be imported where, and how large a module grows.

Everything is read with `ast`; only the last test runs the project. When a test fails, either the
module is in the wrong room or the map below has to change: then change it here and say why in
`docs/decisions.md`.
"""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "cnnlab"

GROUND = {"errors", "files", "settings", "specs"}
WORKSHOPS = GROUND | {"data", "models", "runs"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "settings": {"errors"},
    "specs": {"errors"},
    "data": GROUND,
    "models": GROUND,
    "runs": GROUND,
    "jobs": GROUND | {"data.children"},
    "checks": GROUND | {"data", "jobs"},
    "evaluation": WORKSHOPS | {"checks", "jobs", "prediction"},
    "training": WORKSHOPS | {"jobs", "evaluation", "prediction.timing"},
    "claims": WORKSHOPS | {"jobs", "evaluation", "training"},
    "prediction": GROUND
    | {"runs", "data.images", "data.decoding", "data.children", "data.archive_kinds", "data.entries"},
    "export": WORKSHOPS | {"jobs", "evaluation", "prediction", "training.lite"},
    "command": WORKSHOPS | {"jobs", "training", "evaluation", "prediction", "export"},
    "__main__": {"command"},
    "charts": {"errors"},
    "ui": WORKSHOPS
    | {"checks", "jobs", "training", "evaluation", "prediction", "claims", "export", "charts"},
}
"""What a room may import besides itself: whole rooms, or single modules of one."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "streamlit": ("ui", "pages", "app"),
    "plotly": ("charts",),
    "sqlite3": ("runs.store",),
    "sklearn": ("data", "evaluation"),
    "scipy": ("evaluation",),
    "ai_edge_litert": (
        "prediction",
        "training.lite",
        "training.extraction",
        "export.asking",
        "export.serving.server",
    ),
    "keras": (
        "data.downloads",
        "models.network",
        "models.weights",
        "models.efficientnet_lite",
        "models.classifier",
        "models.boundaries",
        "models.measure_blocks",
        "training",
        "claims",
        "evaluation.heads",
        "evaluation.opening",
        "export",
    ),
}
ONLY_IN["tensorflow"] = ONLY_IN["keras"]
"""Rooms or modules that may import a library; `measure_blocks` is the command that makes a table from Keras."""

INSIDE_FUNCTIONS_ONLY = ("tensorflow", "keras", "ai_edge_litert")
"""Too slow to load, or too large, for anything that a page imports."""

SCRIPTS = ("cnnlab.ui.shell", "cnnlab.export.serving.server")
"""Modules that do their work when they are imported: Streamlit runs the one, the other leaves with a model."""

PAGE_LINES, MODULE_LINES, MEDIAN_LINES, FUNCTION_LINES = 80, 350, 150, 45
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "core", "manager", "misc"}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import of a module: what, on which line, and whether it runs when the module is imported."""

    name: str
    line: int
    at_import_time: bool


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file of the project, by the name that the map uses: `runs.store`, `pages.train`, `app`."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]

    @property
    def lines(self) -> int:
        """How long the file is."""
        return len(self.text.splitlines())

    def at(self, line: int) -> str:
        """A line of the file, as editors open it."""
        return f"{self.path.relative_to(REPOSITORY)}:{line}"

    def imports(self) -> Iterator[Import]:
        """Every import of the file, one for each name: `from a import b` is `a.b`."""
        yield from _imports(self.tree.body, at_import_time=True)


def _imports(body: list[ast.stmt], *, at_import_time: bool) -> Iterator[Import]:
    for node in body:
        inside = at_import_time and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name=alias.name, line=node.lineno, at_import_time=at_import_time)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Import(name=f"{source}.{alias.name}", line=node.lineno, at_import_time=at_import_time)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _imports(node.body, at_import_time=False)
            yield from _imports(node.orelse, at_import_time=inside)
        else:
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                yield from _imports(getattr(node, field, []), at_import_time=inside)


def _module(path: Path) -> Module:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    parts = parts[1:] if parts[0] == "cnnlab" else parts
    name = ".".join(part for part in parts if part != "__init__") or "cnnlab"
    text = path.read_text(encoding="utf-8")
    return Module(path=path, name=name, text=text, tree=ast.parse(text))


MODULES = [
    _module(path)
    for path in sorted([*PACKAGE.rglob("*.py"), *(REPOSITORY / "pages").glob("*.py"), REPOSITORY / "app.py"])
]


def belongs(name: str, places: tuple[str, ...] | set[str]) -> bool:
    """Whether a dotted name is one of these places or inside one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def test_the_reader_of_imports_sees_when_they_happen():
    text = """
import keras
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import tensorflow
try:
    import one
except ImportError:
    from a import two as b
class Layer:
    import three
    def call(self):
        import four
async def later():
    with open("x"):
        import five
"""
    found = {each.name: each.at_import_time for each in _imports(ast.parse(text).body, at_import_time=True)}
    early = ("keras", "typing.TYPE_CHECKING", "one", "a.two", "three")
    assert found == dict.fromkeys(early, True) | dict.fromkeys(("tensorflow", "four", "five"), False)


def test_every_room_is_on_the_map():
    rooms = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__"} == MAY_IMPORT.keys()


def test_the_map_leads_downwards_only():
    """A room that may import another, directly or through others, is never imported by it."""

    def reaches(room: str) -> set[str]:
        below = {place.partition(".")[0] for place in MAY_IMPORT[room]}
        return below.union(*(reaches(other) for other in below))

    for room in MAY_IMPORT:
        assert room not in reaches(room)


def test_a_module_imports_only_what_its_room_may():
    faults = []
    for module in MODULES:
        reachable = (
            MAY_IMPORT["ui"] | {"ui"}
            if module.room in ("pages", "app")
            else MAY_IMPORT.get(module.room, set())
        )
        for found in module.imports():
            wanted = found.name.removeprefix("cnnlab").removeprefix(".")
            if belongs(found.name, {"cnnlab"}) and wanted and not belongs(wanted, reachable | {module.room}):
                faults.append(f"{module.at(found.line)} imports {found.name}, which its room may not")
    assert faults == []


def test_a_module_is_imported_by_its_whole_name():
    relative = [
        module.at(found.line)
        for module in MODULES
        for found in module.imports()
        if found.name.startswith(".")
    ]
    assert relative == []


def test_a_module_uses_only_the_public_names_of_others():
    private = [
        f"{module.at(found.line)} imports {found.name}"
        for module in MODULES
        for found in module.imports()
        if belongs(found.name, {"cnnlab"}) and re.search(r"\._", found.name)
    ]
    assert private == []


def test_a_library_is_imported_only_where_it_belongs():
    astray = [
        f"{module.at(found.line)} imports {found.name}"
        for module in MODULES
        for found in module.imports()
        if not belongs(module.name, ONLY_IN.get(found.name.partition(".")[0], (module.name,)))
    ]
    assert astray == []


def test_what_is_slow_to_load_is_imported_inside_functions():
    too_early = [
        f"{module.at(found.line)} loads {found.name} when it is imported"
        for module in MODULES
        for found in module.imports()
        if found.at_import_time and belongs(found.name, INSIDE_FUNCTIONS_ONLY)
    ]
    assert too_early == []


def test_a_module_opens_with_a_sentence_on_what_it_is_for():
    silent = [
        module.name
        for module in MODULES
        if not (ast.get_docstring(module.tree) or "").partition("\n")[0].endswith((".", ":"))
    ]
    assert silent == []


def test_whatever_is_public_says_what_it_is():
    silent = [
        f"{module.at(node.lineno)}: {node.name}"
        for module in MODULES
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_a_module_is_short_and_a_page_shorter():
    long = [
        f"{module.name} has {module.lines} lines"
        for module in MODULES
        if module.lines > (PAGE_LINES if module.room == "pages" else MODULE_LINES)
    ]
    assert long == []


def test_most_modules_are_shorter_still():
    assert (
        statistics.median(module.lines for module in MODULES if module.path.name != "__init__.py")
        <= MEDIAN_LINES
    )


def test_a_function_is_short():
    long = [
        f"{module.at(node.lineno)}: {node.name} has {lines} lines"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := lines_without_docstring(node)) > FUNCTION_LINES
    ]
    assert long == []


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How long a function is; explaining it makes it no longer."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function):
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


def test_a_module_is_named_after_what_it_holds():
    assert [module.name for module in MODULES if SAYS_NOTHING & set(re.split(r"[._]", module.name))] == []


def project_files() -> list[Path]:
    """Every text file of the project that somebody wrote."""
    folders = ("cnnlab", "pages", "tests", "docs", "benchmarks", ".ci", ".streamlit")
    suffixes = {"", ".py", ".md", ".toml", ".txt", ".js", ".css", ".json", ".csv", ".svg"}
    found = [path for path in REPOSITORY.iterdir() if path.is_file() and path.suffix in suffixes]
    for folder in folders:
        found += [
            path for path in (REPOSITORY / folder).rglob("*") if path.is_file() and path.suffix in suffixes
        ]
    return [path for path in found if "__pycache__" not in path.parts]


MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|Users)/\w")


def test_no_file_knows_the_machine_it_was_written_on():
    found = [
        f"{path.relative_to(REPOSITORY)}: {match.group()}"
        for path in project_files()
        for match in MACHINE_PATHS.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_importing_everything_loads_no_tensorflow():
    """What a page imports is drawn at once and small; a worker loads TensorFlow when it has its lock."""
    names = [
        f"cnnlab.{module.name}"
        for module in MODULES
        if PACKAGE in module.path.parents and module.name != "cnnlab"
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {[name for name in names if name not in SCRIPTS]!r}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = [library for library in {INSIDE_FUNCTIONS_ONLY!r} if library in sys.modules]\n"
        "    assert not heavy, f'{name} loads {heavy}'\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
