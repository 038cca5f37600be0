"""A copy of a dataset under another name, to be split, corrected and added to without the other noticing.

This module never looks at a picture: files are copied as they are.
"""

import shutil
import time
import uuid

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import checked_name, editing, find_dataset
from cnnlab.data.manifest import Manifest
from cnnlab.data.writer import check_room, new_id
from cnnlab.errors import DatasetError
from cnnlab.files import TEMPORARY_PREFIX
from cnnlab.settings import workspace


def copy_dataset(dataset: Dataset, *, name: str) -> Dataset:
    """Make a dataset of its own that has all pictures and versions of another.

    Args:
        dataset: Which one; its newest version is that of the copy too.
        name: What the copy is called.

    Raises:
        DatasetError: The name is empty, the dataset is gone, or the disk has no room.
    """
    called = checked_name(name)
    copied = workspace().datasets / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    try:
        check_room(dataset.bytes_on_disk())
        # Held, so that nobody adds pictures in between; readers go on.
        with editing(dataset.id) as folder:
            shutil.copytree(folder, copied, ignore=shutil.ignore_patterns(".lock"))
        manifest = Manifest.read(copied)
        made = manifest.model_copy(
            update={
                "id": new_id(called),
                "name": called,
                "source": f"a copy of {manifest.name}",
                "created_at": time.time(),
                # No run has seen the copy.
                "versions": tuple(
                    version.model_copy(update={"frozen": False}) for version in manifest.versions
                ),
            }
        )
        made.write(copied)
        copied.rename(copied.with_name(made.id))
    except OSError as error:
        raise DatasetError(
            f"{dataset.name!r} could not be copied ({error.strerror or error}). Free some space on the disk of "
            f"{workspace().home}, and copy it again."
        ) from error
    finally:
        shutil.rmtree(copied, ignore_errors=True)
    return find_dataset(made.id)
