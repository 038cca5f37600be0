"""The process that carries one import: `python -m cnnlab.data.import_worker IMPORT_FOLDER`.

It reads what is to be imported in bounded pieces, has every picture decoded once in children of its
own, writes how far it is a few times a second, and ends with a report. It leaves a whole dataset or
nothing. Nothing of it runs in the server.
"""

import hashlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue

import pandas as pd
from filelock import FileLock, Timeout

from cnnlab.data.children import be_a_good_neighbour
from cnnlab.data.decoding import DecodingChild, PictureFacts
from cnnlab.data.entries import Entry, EntryRefused
from cnnlab.data.import_progress import Cancelled, ProgressWriter
from cnnlab.data.import_records import MOST_ROWS, REQUEST, ImportReport, ImportRequest, ImportState, Refused
from cnnlab.data.layouts import Place, read_layout
from cnnlab.data.library import Dataset, find_dataset
from cnnlab.data.listings import listing_of, origin_of
from cnnlab.data.preview_contents import LAYOUT
from cnnlab.data.text import counted
from cnnlab.data.writer import PictureWriter, extend_dataset, find_same_content, make_dataset
from cnnlab.errors import CnnlabError, DatasetError, PictureError
from cnnlab.files import write_text
from cnnlab.settings import MEGABYTE

LOCK_SECONDS = 5.0
BATCH_PICTURES = 128
BATCH_BYTES = 8 * MEGABYTE
WAITING_BYTES = 96 * MEGABYTE
"""Batches that are decoded at the same time hold no more; a batch of one large picture may be 64 MB."""
DECODERS = min(3, os.cpu_count() or 1)
"""Children that decode; more of them would wait for us, who read, hash and write what they decode."""
NO_CLASS = "It lies in no class folder. Put it into the folder of its class, and import again."


def main(path: str) -> int:
    """Carry the import in a folder; return the exit code."""
    folder = Path(path)
    lock = FileLock(folder / "worker.lock")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        print("Another worker holds this import.", file=sys.stderr)
        return 2
    try:
        progress = ProgressWriter(folder)
        signal.signal(signal.SIGTERM, lambda *_: progress.cancel())
        be_a_good_neighbour()
        with ExitStack() as children:
            return carry(
                folder, progress, *(children.enter_context(DecodingChild()) for _ in range(DECODERS))
            )
    finally:
        lock.release()


def carry(folder: Path, progress: ProgressWriter, *decoders: DecodingChild) -> int:
    """Carry the import in a folder, tidy up, then say how it ended; return the exit code."""
    state, message, dataset_id = _outcome(folder, progress, decoders)
    for name in ("files", "dataset"):
        shutil.rmtree(folder / name, ignore_errors=True)
    progress.end(state, message=message, dataset_id=dataset_id)
    return 1 if state == "failed" else 0


def _outcome(
    folder: Path, progress: ProgressWriter, decoders: tuple[DecodingChild, ...]
) -> tuple[ImportState, str, str | None]:
    """Do the import; return its last state, what to say, and the dataset that came out."""
    job = None
    try:
        job = _Import(folder, progress, decoders)
        dataset = job.run()
        return "finished", job.summary(), dataset.id
    except Cancelled:
        return "cancelled", "It was cancelled; nothing of it was kept.", None
    except CnnlabError as error:
        message = str(error)
    except MemoryError:
        message = "The machine ran out of memory. Close other programs, or import the pictures in parts."
    except OSError as error:
        traceback.print_exc()
        message = f"The disk could not be read or written ({error.strerror or error}). Free some space, and import again."
    except Exception as error:
        traceback.print_exc()
        message = (
            f"The import stopped at a mistake of cnnlab's own ({type(error).__name__}: {error}). Its log is "
            f"{folder / 'worker.log'}; please report it."
        )
    if job is not None:
        job.write_report(None)
    return "failed", message, None


class _Import:
    """One import under way: what was taken so far, and what was not."""

    def __init__(self, folder: Path, progress: ProgressWriter, decoders: tuple[DecodingChild, ...]) -> None:
        self.folder = folder
        self.progress = progress
        # Last in, first out: a child that is not needed is never started.
        self.idle: LifoQueue[DecodingChild] = LifoQueue()
        for decoder in decoders:
            self.idle.put(decoder)
        self.request: ImportRequest = REQUEST.validate_json((folder / "request.json").read_bytes())
        self.started = time.monotonic()
        self.taken: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self.num_refused = 0
        self.unreadable: list[str] = []
        self.passed_over: dict[str, int] = {}
        self.notes: list[str] = []

    def run(self) -> Dataset:
        """Do all of it and return the dataset that came out."""
        rows = self._read_all()
        if rows.empty:
            raise DatasetError(self._nothing_taken())
        self.progress.begin("Saving the dataset")
        dataset = self._save(rows)
        self._note(dataset, rows)
        self.write_report(dataset)
        return dataset

    def _read_all(self) -> pd.DataFrame:
        """Take every picture that can be taken; what was only needed for that is gone afterwards."""
        self.progress.begin("Reading the list of files")
        with (
            listing_of(self.request, on_progress=self.progress.download) as listing,
            PictureWriter(self.folder / "dataset") as writer,
        ):
            self.passed_over = dict(listing.passed_over)
            for name, reason in listing.refused:
                self._refuse(name, reason)
            places = read_layout([entry.parts for entry in listing.entries])
            self._take_all(listing.entries, places, writer)
            return writer.finish()

    def _take_all(self, entries: tuple[Entry, ...], places: list[Place], writer: PictureWriter) -> None:
        self.progress.begin("Reading pictures", total=len(entries))
        known = self._known_already()
        decoders = self.idle.qsize()
        under_way: deque[tuple[list[_Loaded], Future]] = deque()
        # While the children decode some batches, the next is read and unpacked here, and one more waits.
        with ThreadPoolExecutor(decoders) as pool:
            for batch in self._batches(entries, places):
                under_way.append((batch, pool.submit(self._inspect, batch)))
                while len(under_way) > decoders or _bytes_of(under_way) > WAITING_BYTES:
                    self._store(*under_way.popleft(), writer, known)
            for batch, decoding in under_way:
                self._store(batch, decoding, writer, known)

    def _inspect(self, batch: list["_Loaded"]) -> list[PictureFacts | PictureError]:
        """Have a child decode a batch; called from several threads."""
        decoder = self.idle.get()
        try:
            return decoder.inspect_many([loaded.data for loaded in batch])
        finally:
            self.idle.put(decoder)

    def _batches(self, entries: tuple[Entry, ...], places: list[Place]) -> Iterator[list["_Loaded"]]:
        """Read entries in batches of bounded size; what cannot be read is refused."""
        batch: list[_Loaded] = []
        size = 0
        for done, (entry, place) in enumerate(zip(entries, places, strict=True)):
            self.progress.at(done)
            class_name = entry.class_name or place.class_name
            if class_name is None:
                self._refuse(entry.name, NO_CLASS)
                continue
            try:
                data = entry.read()
            except EntryRefused as error:
                self._refuse(entry.name, str(error))
                continue
            batch.append(_Loaded(entry.name, class_name, entry.split or place.split, entry.group, data))
            size += len(data)
            if len(batch) == BATCH_PICTURES or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _store(
        self,
        batch: list["_Loaded"],
        decoding: "Future[list[PictureFacts | PictureError]]",
        writer: PictureWriter,
        known: set,
    ) -> None:
        for loaded, found in zip(batch, decoding.result(), strict=True):
            sha256 = hashlib.sha256(loaded.data).hexdigest()
            if isinstance(found, PictureError):
                self._refuse(loaded.name, str(found))
                if len(self.unreadable) < MOST_ROWS:
                    self.unreadable.append(sha256)
                continue
            if (loaded.class_name, sha256) in known:
                self._refuse(loaded.name, "The same picture is in the dataset already, under the same class.")
                continue
            writer.add(
                loaded.data,
                class_name=loaded.class_name,
                given_split=loaded.split,
                name=loaded.name,
                facts=found,
                sha256=sha256,
                group=loaded.group,
            )
            self.taken[loaded.class_name] += 1

    def _known_already(self) -> set[tuple[str, str]]:
        """Class and hash of what the dataset to be extended holds."""
        if self.request.add_to is None:
            return set()
        table = find_dataset(self.request.add_to).table()
        return set(zip(table["class_name"], table["sha256"], strict=True))

    def _save(self, rows: pd.DataFrame) -> Dataset:
        origin = origin_of(self.request)
        folder, split = self.folder / "dataset", self.request.split
        if self.request.add_to is not None:
            return extend_dataset(folder, rows, dataset_id=self.request.add_to, source=origin.source)
        held_back = rows["given_split"].isin(["validation", "test"]).all()
        if split.use_given and held_back and not split.test_only:
            self.notes.append(
                "Every picture came in a folder for validation or test; a split was made anew instead."
            )
            split = split.with_changes(use_given=False)
        return make_dataset(folder, rows, origin=origin, split=split)

    def _note(self, dataset: Dataset, rows: pd.DataFrame) -> None:
        """Collect what a person should know of the dataset that came out."""
        given = [
            split for split in ("training", "validation", "test") if (rows["given_split"] == split).any()
        ]
        if given and dataset.split.use_given:
            self.notes.append(f"The folders for {' and '.join(given)} were kept as the split.")
        same = len(rows) - rows["sha256"].nunique()
        if same:
            self.notes.append(
                f"{counted(same, 'exact copy', 'exact copies')} of other pictures: copies stay on one side of the split."
            )
        twin = find_same_content(dataset.entry.content, but=dataset.id)
        if twin is not None:
            self.notes.append(
                f"The dataset {twin.name!r} holds exactly the same pictures already; one of them can go."
            )
        self.notes.extend(
            [f"{dataset.name!r} is a test set: any run can be judged by it on the Evaluate page."]
            if dataset.split.test_only
            else dataset.problems()
        )

    def _refuse(self, name: str, reason: str) -> None:
        self.num_refused += 1
        if len(self.refused) < MOST_ROWS:
            self.refused.append(Refused(name=name, reason=reason))

    def _nothing_taken(self) -> str:
        if self.refused and any(row.reason != NO_CLASS for row in self.refused):
            first = next(row for row in self.refused if row.reason != NO_CLASS)
            return f"Not one of {counted(self.num_refused, 'file')} could be taken. The first is {first.name!r}: {first.reason}"
        if self.refused:
            return f"Nothing lies in a class folder, so the classes of {counted(self.num_refused, 'file')} are unknown. {LAYOUT}"
        return f"There is no picture in it. {LAYOUT}"

    def summary(self) -> str:
        """What came out, in one sentence."""
        left = f" Not taken: {counted(self.num_refused, 'file')}." if self.num_refused else ""
        pictures, classes = (
            counted(self.taken.total(), "picture"),
            counted(len(self.taken), "class", "classes"),
        )
        return f"Taken: {pictures} of {classes}.{left}"

    def write_report(self, dataset: Dataset | None) -> None:
        """Write the report beside the progress, and into the dataset."""
        report = ImportReport(
            dataset_id=dataset.id if dataset else None,
            dataset_name=dataset.name if dataset else "",
            version=dataset.version if dataset else None,
            num_taken=self.taken.total() if dataset else 0,
            taken=dict(sorted(self.taken.items())) if dataset else {},
            num_refused=self.num_refused,
            refused=tuple(self.refused),
            unreadable=tuple(self.unreadable),
            passed_over=self.passed_over,
            notes=tuple(self.notes),
            seconds=time.monotonic() - self.started,
        )
        write_text(self.folder / "report.json", report.model_dump_json())
        if dataset is not None:
            (dataset.folder / "reports").mkdir(exist_ok=True)
            write_text(dataset.folder / "reports" / f"{dataset.version}.json", report.model_dump_json())


@dataclass(frozen=True, slots=True)
class _Loaded:
    name: str
    class_name: str
    split: str
    group: str
    data: bytes


def _bytes_of(batches: Iterable[tuple[list[_Loaded], Future]]) -> int:
    return sum(len(loaded.data) for batch, _ in batches for loaded in batch)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
