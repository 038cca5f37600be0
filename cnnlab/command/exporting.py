"""`cnnlab export RUN FORMAT OUT`: makes a format where it is not there yet, waits, and puts the package where it is wanted.

This module never makes a format itself.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

from cnnlab.command.finding import find_run
from cnnlab.command.printing import print_json, say
from cnnlab.command.waiting import wait_for
from cnnlab.errors import ModelError
from cnnlab.export.exports import Export, start_export
from cnnlab.export.formats import FORMATS
from cnnlab.export.package import EVERYTHING, write_package
from cnnlab.runs.folder import RunFolder


def export(given: argparse.Namespace) -> int:
    """Make a format and take it away.

    Raises:
        RunError, ModelError: It cannot be made, or did not pass its comparison; the message says why.
    """
    run, out = find_run(given.run), given.out
    _check_place(out)
    names = (
        [name for name, row in FORMATS.items() if not row.missing]
        if given.format == EVERYTHING
        else [given.format]
    )
    made = []
    for name in names:
        try:
            made.append(_make(start_export(run, name)))
        except ModelError as error:
            # Of everything the rest is still wanted.
            if given.format != EVERYTHING:
                raise
            say(f"{FORMATS[name].label}: {error}")
    if out.suffix.lower() == ".zip":
        write_package(run, given.format, out)
    else:
        _unpack(run, given.format, out)
    results = {each.format_name: each.result().model_dump() for each in made}
    if given.json:
        print_json({"out": str(out), "formats": results})
    else:
        print(out)
    return 0


def _unpack(run: RunFolder, name: str, out: Path) -> None:
    """Put what would be in the package into a folder."""
    try:
        with tempfile.NamedTemporaryFile(dir=out, prefix=".tmp-", suffix=".zip") as packed:
            write_package(run, name, Path(packed.name))
            with zipfile.ZipFile(packed.name) as package:
                package.extractall(out)
    except OSError as error:
        raise _unwritten(out, error) from error


def _check_place(out: Path) -> None:
    """Refuse a place that cannot be written before minutes are spent on a format."""
    if out.suffix.lower() == ".zip":
        if not out.parent.is_dir():
            raise ModelError(f"There is no folder {out.parent}. Make it, or name another place.")
        if out.is_dir():
            raise ModelError(f"{out} is a folder. Name a file that ends in .zip, or a folder that does not.")
        return
    if out.exists() and not out.is_dir():
        raise ModelError(f"{out} is a file. Name a folder, or a file that ends in .zip.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise _unwritten(out, error) from error


def _unwritten(out: Path, error: OSError) -> ModelError:
    return ModelError(
        f"Nothing can be written into {out} ({error.strerror or error}). Make room there, or name another place."
    )


def _make(found: Export) -> Export:
    """Wait until an export has ended, and say what came of it."""
    wait_for(found, label=found.format.label)
    result = found.result()
    if result is None:
        raise ModelError(found.message or f"{found.format.label} was cancelled. Make it again.")
    if not result.passed:
        raise ModelError(result.reason)
    say(f"{found.format.label}: {result.reason}")
    return found
