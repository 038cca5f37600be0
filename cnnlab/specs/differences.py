"""The settings of runs laid side by side: what differs between them, and what makes two the same but for the seed.

Names and titles come from the specs' own fields, so a new setting is compared as soon as it is there.
This module never judges which settings are better.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_origin

from cnnlab.specs.base import Spec
from cnnlab.specs.blocks import Block
from cnnlab.specs.runs import RunSpec

NAMES = (("name",), ("dataset", "name"), ("network", "name"))
"""What somebody called things: two runs that differ in nothing else learn the same."""
SEED = ("seed",)
UNTOLD = (("name",), ("network", "kind"), ("training", "kind"))
"""What a table of differences does without: the runs are named in its heading, and a network without a backbone is one
of blocks."""
TITLES = {"dataset": "Dataset", "network": "Network", "training": "Learning", "head": "Head"}
"""What a group of settings is called where its field has no title."""

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One setting that is not the same in all runs."""

    title: str
    """Where it belongs and what it is called: 'Learning · Batch size'."""
    values: tuple[Any, ...]
    """Its plain value in each run, in their order; None where a run has no such setting."""
    is_choice: bool = False
    """Whether the values are words of ours, of which one is chosen; else a word is a user's."""


@dataclass(frozen=True, kw_only=True)
class _Setting:
    title: str
    value: Any
    is_default: bool
    is_choice: bool


def differences(specs: Sequence[RunSpec]) -> tuple[Difference, ...]:
    """List the settings in which runs differ, in the order of the specs, but for UNTOLD."""
    settings = [dict(_settings(spec, alike=_same_kinds(specs))) for spec in specs]
    paths = dict.fromkeys(path for each in settings for path in each if path not in UNTOLD)
    found = []
    for path in paths:
        present = [each.get(path) for each in settings]
        values = tuple(each.value if each else None for each in present)
        if any(value != values[0] for value in values):
            one = next(each for each in present if each)
            found.append(Difference(title=one.title, values=values, is_choice=one.is_choice))
    return tuple(found)


def fingerprint(spec: RunSpec) -> str:
    """What runs share that differ in nothing but the seed and in what somebody called things: 16 hex digits.

    A setting at its default is left out, so that a setting which a later cnnlab adds changes nothing here.
    """
    told = [
        ["/".join(path), setting.value]
        for path, setting in _settings(spec, alike=True)
        if path != SEED and path not in NAMES and not (setting.is_default and path[-1] != "kind")
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _settings(
    spec: Spec, *, alike: bool, above: Path = (), title: str = ""
) -> Iterator[tuple[Path, _Setting]]:
    """Every setting by its path; blocks one by one where they are alike in all runs, else as one line each."""
    for name, field in type(spec).model_fields.items():
        value, path = getattr(spec, name), (*above, name)
        called = TITLES.get(name) or field.title or name.replace("_", " ").capitalize()
        whole = f"{title} · {called}" if title else called
        if isinstance(value, Spec):
            yield from _settings(
                value, alike=alike, above=path, title=whole if name != "augmentation" else called
            )
        elif name == "blocks" and alike:
            for number, block in enumerate(value, start=1):
                place = f"Block {number}, {block.label.lower()}"
                yield from _settings(block, alike=alike, above=(*path, str(number)), title=place)
        else:
            plain = _line(value) if name == "blocks" else value
            choice = get_origin(field.annotation) is Literal
            yield (
                path,
                _Setting(title=whole, value=plain, is_default=value == field.default, is_choice=choice),
            )


def _same_kinds(specs: Sequence[RunSpec]) -> bool:
    """Whether the networks have the same kinds of blocks in the same order, so that each can be laid beside its like."""
    return len({tuple(block.kind for block in getattr(spec.network, "blocks", ())) for spec in specs}) == 1


def _line(blocks: Sequence[Block]) -> str:
    return " → ".join(
        f"{block.label} ({said})" if (said := block.describe()) else block.label for block in blocks
    )
