"""What somebody chose about the pages themselves, such as the columns of a table; kept in the workspace.

It outlives the tab and the server. Nothing of a run, a dataset or a model is ever kept here, so a file
that is lost or damaged costs a few clicks.
"""

import json
from typing import Any

from filelock import FileLock

from cnnlab.files import write_text
from cnnlab.settings import workspace


def recall(name: str, *, otherwise: Any) -> Any:
    """What was chosen under this name; `otherwise` where nothing was, or nothing of the same type."""
    found = _read().get(name, otherwise)
    return found if isinstance(found, type(otherwise)) else otherwise


def remember(name: str, value: Any) -> None:
    """Keep a choice, if it is another than before; a workspace that cannot be written forgets it."""
    path = workspace().preferences
    try:
        with FileLock(path.with_name(".preferences.lock")):
            known = _read()
            if known.get(name) != value:
                write_text(path, json.dumps(known | {name: value}, indent=2, sort_keys=True))
    except OSError:
        # It holds for this session; nobody should be kept from looking at runs by it.
        return


def _read() -> dict[str, Any]:
    try:
        known = json.loads(workspace().preferences.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
