"""A dataset of 100,000 pictures of 64 x 64 in 20 classes, from the files to a trained network and through every page.

Each step runs in a process of its own. 'Peak' is the most memory that all its processes took together, what they share counted
once; 'without files' leaves out what is mapped from files, which the system takes back when somebody else needs room. An import
reads, decodes, hashes and stores every picture; `tf.data` and `image_dataset_from_directory` read, decode and resize it, once, in
the same run; the ratio is their time over that of the step. Pages are drawn without a browser: the first time, and the median of
5 more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.memory import MemoryWatch, Peaks
from benchmarks.size_pictures import write_archive, write_pictures
from benchmarks.workspaces import empty_workspace

PICTURES = 100_000
LABELS: dict[str, str] = {
    "tf_data": "plain tf.data",
    "from_directory": "image_dataset_from_directory",
    "import_archive": "import of the ZIP",
    "import_folder": "import of the folder",
    "check": "checks of every picture",
    "split": "split again",
    "pack": "pack at 32 x 32",
    "open_pack": "open the pack",
    "train": "a run of one epoch",
    "pages": "all pages",
}
READS_EVERY_PICTURE = (
    "tf_data",
    "from_directory",
    "import_archive",
    "import_folder",
    "check",
    "pack",
    "train",
)
COMPARED = ("import_archive", "import_folder", "pack")


@dataclass(frozen=True, kw_only=True)
class Step:
    """What came of one step."""

    name: str
    facts: dict[str, float]
    peaks: Peaks


def run() -> pd.DataFrame:
    """Generate the pictures, take every step once, and compare."""
    return compare(num_pictures=PICTURES)


def compare(*, num_pictures: int) -> pd.DataFrame:
    """The same with as many pictures as wanted."""
    with tempfile.TemporaryDirectory(prefix="cnnlab-pictures-") as folder, empty_workspace():
        place = Path(folder)
        os.environ["CNNLAB_IMPORT_ROOTS"] = folder
        write_archive(
            write_pictures(place / "pictures", num_pictures=num_pictures), archive=place / "pictures.zip"
        )
        try:
            steps = {name: _take(name, place) for name in LABELS}
        finally:
            os.environ.pop("CNNLAB_IMPORT_ROOTS")
    rows = [_row(step, steps, num_pictures=num_pictures) for step in steps.values()]
    return pd.DataFrame(rows + _page_rows(steps["pages"])).fillna("").astype(str)


def _take(name: str, place: Path) -> Step:
    command = [sys.executable, "-m", "benchmarks.size_steps", name, str(place)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        MemoryWatch(process.pid) as watch,
    ):
        said, complaints = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{LABELS[name]}: {complaints[-2000:]}")
    step = Step(name=name, facts=json.loads(said.splitlines()[-1]), peaks=watch.peaks)
    # As it comes: it takes minutes, and what was found so far should not be lost with what fails.
    print(time.strftime("%H:%M:%S"), step, file=sys.stderr, flush=True)
    return step


def _row(step: Step, steps: dict[str, Step], *, num_pictures: int) -> dict[str, object]:
    seconds = step.facts.get("seconds", sum(step.facts.values()))
    row: dict[str, object] = {"step": LABELS[step.name], "seconds": f"{seconds:.1f}"}
    if step.name in READS_EVERY_PICTURE:
        row["pictures a second"] = f"{num_pictures / seconds:,.0f}"
    if step.name in COMPARED:
        for rival, column in (("tf_data", "tf.data / it"), ("from_directory", "from_directory / it")):
            row[column] = f"{steps[rival].facts['seconds'] / seconds:.2f}"
    row["peak, MB"] = f"{step.peaks.together / 1e6:,.0f}"
    row["without files, MB"] = f"{step.peaks.without_files / 1e6:,.0f}"
    row["largest process, MB"] = f"{step.peaks.largest / 1e6:,.0f}"
    return row


def _page_rows(step: Step) -> list[dict[str, object]]:
    names = [name for name in step.facts if not name.endswith(", first")]
    return [
        {
            "step": f"page: {name}",
            "seconds": f"{step.facts[name]:.2f} (first {step.facts[f'{name}, first']:.2f})",
        }
        for name in names
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.size", description="The benchmark with fewer pictures."
    )
    parser.add_argument("--pictures", type=int, default=5_000)
    print(compare(num_pictures=parser.parse_args().pictures).to_markdown(index=False))
