"""A browser is found where there is one, fetched in the right order where there is none, and never silently missing."""

import sys
from pathlib import Path

import pytest

from tests.browser import find_browser as finder


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser; whatever is put into the folder is on its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CNNLAB_BROWSER", raising=False)
    monkeypatch.setattr(finder, "PLACES", ())
    monkeypatch.setattr(finder, "_find_playwrights_own", lambda: None)
    return tmp_path


def program(path: Path, *, works: bool = True) -> str:
    path.write_text(f"#!/bin/sh\nexit {0 if works else 1}\n")
    path.chmod(0o755)
    return str(path)


def test_an_installed_browser_is_found_by_any_of_its_names(bare_machine):
    assert finder.find_browser() is None
    chrome = program(bare_machine / "google-chrome")
    assert finder.find_browser() == chrome
    chromium = program(bare_machine / "chromium")
    assert finder.find_browser() == chromium


def test_one_that_does_not_start_is_passed_over(bare_machine):
    program(bare_machine / "chromium", works=False)
    (bare_machine / "chromium-browser").write_text("no program")
    chrome = program(bare_machine / "google-chrome")
    assert finder.find_browser() == chrome


def test_the_one_that_is_named_comes_first(bare_machine, monkeypatch, tmp_path):
    program(bare_machine / "chromium")
    monkeypatch.setenv("CNNLAB_BROWSER", program(tmp_path / "mine"))
    assert finder.find_browser() == str(tmp_path / "mine")


def test_without_a_browser_a_test_is_skipped_by_hand_and_fails_in_make_test(bare_machine, monkeypatch):
    monkeypatch.delenv(finder.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="There is no Chromium"):
        finder.browser_for_tests()
    monkeypatch.setenv(finder.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="There is no Chromium"):
        finder.browser_for_tests()


@pytest.mark.parametrize(
    ("root", "packages", "delivers", "expected"),
    [
        pytest.param([], True, "apt-get", ["apt-get update", "apt-get install"], id="Debian, as root"),
        pytest.param(["sudo", "-n"], True, "apt-get", ["apt-get update", "apt-get install"], id="Debian, with sudo"),
        pytest.param([], True, "playwright", ["apt-get update", "apt-get install", "playwright install --with-deps"], id="Ubuntu"),
        pytest.param(None, True, "playwright", ["playwright install chromium"], id="nobody of note"),
        pytest.param([], False, "playwright", ["playwright install --with-deps"], id="root without apt"),
        pytest.param(None, False, "", ["playwright install chromium"], id="nothing to be had"),
    ],
)  # fmt: skip
def test_a_browser_is_fetched_from_debian_then_from_playwright(
    bare_machine, monkeypatch, root, packages, delivers, expected
):
    commands: list[str] = []

    def run(command: list[str], *, quiet: bool = False) -> bool:
        commands.append(" ".join(command))
        if delivers and f"{delivers}" in commands[-1] and " install" in commands[-1]:
            program(bare_machine / "chromium")
        return True

    monkeypatch.setattr(finder, "_become_root", lambda: root)
    monkeypatch.setattr(finder, "_run", run)
    if packages:
        program(bare_machine / "apt-get")
    found = finder.install_browser()

    assert found == (str(bare_machine / "chromium") if delivers else None)
    assert [wanted in command for wanted, command in zip(expected, commands, strict=True)] == [True] * len(
        expected
    )
    assert all(command.startswith(("sudo -n" if root else "", sys.executable)) for command in commands)


def test_the_command_prints_the_path_or_the_sentence(bare_machine, capsys):
    assert finder.main([]) == 0
    assert capsys.readouterr().out.strip() == finder.SENTENCE
    path = program(bare_machine / "chromium")
    finder.main(["--install"])
    assert capsys.readouterr().out.strip() == path
