"""The process that imports a corpus of archives, one after the other: `python -m tests.data.carry_corpus FOLDER`.

FOLDER holds `first.zip`, `0.zip`, `1.zip` ..., and `limits.json` with the settings of each. What came out is
printed as JSON, a line for each, with the most memory before and after. It knows nothing of the corpus, whose
making takes memory of its own.
"""

import json
import os
import sys
from pathlib import Path

from cnnlab.data import preview_twins
from cnnlab.data.import_records import ArchiveImport
from cnnlab.data.intake import stage_upload
from tests.data.making import carry_import, carry_preview, import_zip


def main(folder: Path) -> None:
    """Look at them all, and import them."""
    # Comparing each with all that came before would take most of the time.
    preview_twins.list_datasets = lambda: []
    import_zip(folder / "first.zip", name="first")
    print(json.dumps({"idle": most_memory()}), flush=True)
    for number, limits in enumerate(json.loads((folder / "limits.json").read_bytes())):
        # Staged under the usual limits: what is tested is the import.
        with (folder / f"{number}.zip").open("rb") as file:
            staged = stage_upload(file, name=f"{number}.zip")
        os.environ.update(limits)
        looked = carry_preview(ArchiveImport(file=staged)).progress()
        job = carry_import(ArchiveImport(file=staged, name=f"corpus {number}"))
        for name in limits:
            del os.environ[name]
        progress, report = job.progress(), job.report()
        said = {
            "looked": [looked.state, looked.message],
            "state": progress.state,
            "message": progress.message,
            "taken": report.num_taken,
            "classes": sorted(report.taken),
            "num_refused": report.num_refused,
            "refused": [row.reason for row in report.refused],
        }
        print(json.dumps(said), flush=True)
    print(json.dumps({"peak": most_memory()}), flush=True)


def most_memory() -> int | None:
    """The most memory that this process ever took, in bytes; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
