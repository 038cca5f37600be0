"""Networks on their way from one machine to another: as a JSON file, and packed into a link.

What arrives may be anything: a file cut short, a photograph, a link made to fill the memory. It
becomes a network, or one sentence on what was found. This module never keeps anything:
`models.architectures` does.
"""

import base64
import json
import reprlib
import zlib
from typing import Any

from pydantic import ValidationError

from cnnlab.errors import SpecError, unknown_name
from cnnlab.specs.base import explain
from cnnlab.specs.blocks import BLOCKS
from cnnlab.specs.networks import MOST_BLOCKS, BlockNetwork

FORMAT = "cnnlab_network"
"""The key of a file that says what it is; its value is the version of the format."""
VERSION = 1
MOST_BYTES = 1_000_000
"""A hundred blocks take a twentieth of it."""
MOST_LINK_CHARACTERS = 16_000
"""A hundred blocks take a third of it, and browsers and servers pass on more."""
EXPECTED = "Expected is a file that 'Download JSON' on the Build page wrote."


def write_network(network: BlockNetwork) -> str:
    """Write a network as indented JSON that `read_network` reads back to an equal one."""
    return json.dumps(_document(network), indent=2, ensure_ascii=False)


def read_network(content: bytes | str) -> BlockNetwork:
    """Read what `write_network` wrote, or a network as a workspace keeps it.

    Raises:
        SpecError: It is no network of blocks; the message says what was found, and what to do.
    """
    if len(content) > MOST_BYTES:
        raise SpecError(
            f"This has {len(content) / 1e6:,.1f} MB; a network of {MOST_BLOCKS} blocks takes less than "
            f"{MOST_BYTES / 1e6:.0f} MB. {EXPECTED}"
        )
    values = _parsed(_decoded(content))
    if not isinstance(values, dict):
        raise SpecError(f"This is JSON, but no network: it holds {_shown(values)}. {EXPECTED}")
    _check_version(values.pop(FORMAT, VERSION))
    _check_is_network(values)
    _check_blocks(values["blocks"])
    return BlockNetwork.create(values)


def pack_network(network: BlockNetwork) -> str:
    """Write a network as letters that fit into a link; `unpack_network` reads them."""
    text = json.dumps(_document(network), separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).rstrip(b"=").decode()


def unpack_network(letters: str) -> BlockNetwork:
    """Read what `pack_network` wrote; never takes more memory than a network of the largest size.

    Raises:
        SpecError: The letters are damaged, cut short, or not ours.
    """
    if len(letters) > MOST_LINK_CHARACTERS:
        raise SpecError(
            f"The design in this link has {len(letters):,} letters; those of cnnlab have at most "
            f"{MOST_LINK_CHARACTERS:,}. Ask for the network as a JSON file."
        )
    inflater = zlib.decompressobj()
    try:
        packed = base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
        text = inflater.decompress(packed, MOST_BYTES)
    except (ValueError, zlib.error):
        text = b""
    if not inflater.eof:
        raise SpecError(
            "The design in this link is damaged: a part of it is missing, or was changed on the way. Copy the "
            "whole link again, or ask for the network as a JSON file."
        )
    return read_network(text)


def _document(network: BlockNetwork) -> dict[str, Any]:
    return {FORMAT: VERSION, **network.model_dump(mode="json")}


def _decoded(content: bytes | str) -> str:
    try:
        text = content.decode(json.detect_encoding(content)) if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise SpecError(
            f"This is no text in UTF-8: byte {error.start + 1:,} is {content[error.start]:#04x}. It may be another "
            f"kind of file, or was saved in another encoding. {EXPECTED}"
        ) from None
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise SpecError(f"There is nothing in it. {EXPECTED}")
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated string"):
            raise SpecError(
                f"It breaks off in line {error.lineno}, before it is complete. Download or copy it again, as a whole."
            ) from None
        raise SpecError(
            f"This is no JSON: line {error.lineno}, column {error.colno}: {error.msg}. {EXPECTED}"
        ) from None
    except (ValueError, RecursionError):
        # Brackets without end, or a number of thousands of digits.
        raise SpecError(f"This is no network: nothing in one is so deep or so long. {EXPECTED}") from None


def _check_version(version: Any) -> None:
    if not isinstance(version, int) or version < 1:
        raise SpecError(f"The version of its format is {_shown(version)}; it has to be {VERSION}. {EXPECTED}")
    if version > VERSION:
        raise SpecError(
            f"It was written by a newer cnnlab, in version {_shown(version)} of the format; this one reads up to "
            f"version {VERSION}. Update cnnlab, or build the network again here."
        )


def _check_is_network(values: dict[str, Any]) -> None:
    if values.get("kind") == "backbone":
        raise SpecError("This is a backbone, not a network of blocks. Choose it on the Backbones page.")
    if not isinstance(values.get("blocks"), list):
        found = ", ".join(_shown(name) for name in list(values)[:5]) or "nothing"
        raise SpecError(f"This is JSON, but no network: it has no list of blocks. Found: {found}. {EXPECTED}")


def _check_blocks(blocks: list[Any]) -> None:
    """Check each block by itself, so that a fault names its place in the list."""
    if len(blocks) > MOST_BLOCKS:
        raise SpecError(
            f"It has {len(blocks):,} blocks; a network has at most {MOST_BLOCKS}. Leave some out, or use "
            f"'In a row' of a convolution."
        )
    for number, values in enumerate(blocks, start=1):
        kind = values.get("kind") if isinstance(values, dict) else None
        if not isinstance(kind, str):
            raise SpecError(f"Block {number} is {_shown(values)}; it has to name its kind. {EXPECTED}")
        if kind not in BLOCKS:
            raise SpecError(
                f"Block {number}: {unknown_name('kind of block', reprlib.repr(kind)[1:-1], BLOCKS)}"
            )
        try:
            BLOCKS[kind].model_validate(values)
        except ValidationError as error:
            raise SpecError(f"Block {number}: {explain(error, BLOCKS[kind])}") from None


def _shown(value: Any) -> str:
    """Shortened: somebody may have put a whole file into a value."""
    return reprlib.repr(value)
