"""The table of pages agrees with the folder of pages."""

import pytest

from cnnlab.ui import nav


@pytest.mark.parametrize("name", nav.PAGES)
def test_every_page_of_the_menu_has_its_file(name):
    assert (nav.PAGES_FOLDER / f"{name}.py").is_file()


def test_every_file_is_in_the_menu():
    assert {path.stem for path in nav.PAGES_FOLDER.glob("*.py")} == set(nav.PAGES)


@pytest.mark.parametrize("path", sorted(nav.PAGES_FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_page_is_at_most_eighty_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
