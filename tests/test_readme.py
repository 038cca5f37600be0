"""The annotated tree in the README is the tree on the disk: every line is there, and nothing is missing."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
README = REPOSITORY / "README.md"
UNSAID = {"__init__.py"}
"""Files that a tree need not name: they say what their folder is for, and the folder's line does too."""


def annotated_tree() -> dict[str, str]:
    """Paths and notes of the first fenced block that names `app.py`; folders end in `/`."""
    blocks = re.findall(
        r"^```\w*\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    lines = next(
        block for block in blocks if re.search(r"^app\.py\b", block, flags=re.MULTILINE)
    ).splitlines()
    tree: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in filter(str.strip, lines):
        name, _, note = line.strip().partition(" ")
        indent = len(line) - len(line.lstrip())
        while above and above[-1][0] >= indent:
            above.pop()
        path = "".join(folder for _, folder in above) + name
        if name.endswith("/"):
            above.append((indent, name))
        tree[path] = note.strip()
    return tree


@pytest.fixture(scope="module")
def tree() -> dict[str, str]:
    return annotated_tree()


def test_everything_in_the_tree_is_on_the_disk(tree):
    assert [path for path in tree if not (REPOSITORY / path).exists()] == []


def test_every_module_and_page_is_in_the_tree(tree):
    written = [*REPOSITORY.glob("*.py"), *REPOSITORY.glob("pages/*.py"), *REPOSITORY.glob("cnnlab/**/*.py")]
    paths = {path.relative_to(REPOSITORY).as_posix() for path in written if path.name not in UNSAID}
    assert sorted(paths - tree.keys()) == []


def test_every_room_is_in_the_tree(tree):
    rooms = {
        f"{path.parent.relative_to(REPOSITORY).as_posix()}/"
        for path in REPOSITORY.glob("cnnlab/**/__init__.py")
    }
    assert sorted(rooms - tree.keys()) == []


def test_every_line_of_the_tree_says_what_it_is(tree):
    assert [path for path, note in tree.items() if not note] == []
