"""Finds a Chromium for the browser tests, and with `--install` gets one where there is none.

An installed one is used; else Debian's, where packages may be installed; else Playwright's own; else
a sentence. `make test` calls this before the tests; the browser fixtures call `browser_for_tests`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest
from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
SENTENCE = (
    "There is no Chromium or Chrome for the browser tests, and none could be installed. Install one, name it in "
    "CNNLAB_BROWSER, or run 'playwright install --with-deps chromium', then test again."
)
REQUIRED = "CNNLAB_BROWSER_REQUIRED"
"""Set by `make test`: without a browser the browser tests fail then, and are skipped otherwise."""

LAUNCH_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium's sandbox refuses to run as root, which tests in a container do.
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]


def find_browser() -> str | None:
    """The path of a browser that starts, or None."""
    named = os.environ.get("CNNLAB_BROWSER", "")
    candidates = [named, *filter(None, map(shutil.which, NAMES)), *PLACES]
    return next((path for path in candidates if _starts(path)), None) or _find_playwrights_own()


def browser_for_tests() -> str:
    """The path of the browser for a fixture; without one the test fails or is skipped with the sentence."""
    found = find_browser()
    if found is None:
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(SENTENCE)
    return found


def install_browser() -> str | None:
    """Get a browser, Debian's or Playwright's own, and return its path, or None when neither can be had."""
    root = _become_root()
    if root is not None and shutil.which("apt-get"):
        _run([*root, "apt-get", "update", "-q"])
        _run([*root, "apt-get", "install", "-q", "-y", "chromium"])
        # On Ubuntu this package is a note that points elsewhere, so the browser is looked for anew.
        if found := find_browser():
            return found
    libraries = [] if root is None else ["--with-deps"]
    _run([sys.executable, "-m", "playwright", "install", *libraries, "chromium"])
    return find_browser()


def main(arguments: Sequence[str]) -> int:
    """Print the path of a browser; with `--install`, get one first where there is none."""
    found = find_browser() or (install_browser() if "--install" in arguments else None)
    print(found or SENTENCE, flush=True)
    return 0


def _find_playwrights_own() -> str | None:
    try:
        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Error:
        return None
    return path if _starts(path) else None


def _starts(path: str) -> bool:
    if not path or not os.path.exists(path):
        return False
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, timeout=120, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _become_root() -> list[str] | None:
    """What to put before a command that only root may give, or None when that cannot be had unasked."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    return [sudo, "-n"] if sudo and _run([sudo, "-n", "true"], quiet=True) else None


def _run(command: Sequence[str], *, quiet: bool = False) -> bool:
    if not quiet:
        print(f"$ {' '.join(command)}", flush=True)
    try:
        return subprocess.run(command, capture_output=quiet, timeout=900, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
