"""A form made from a spec: label, help, limits and errors of each input come from the field.

Widget limits are checked in the browser only, so what comes back is checked again here. This module
never knows a particular setting.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cnnlab.specs.base import Spec, explain_by_field
from cnnlab.ui.text import escape

S = TypeVar("S", bound=Spec)

SEGMENTS_AT_MOST = 4
"""So many choices are laid out side by side; more go into a list."""
NARROWEST_INPUT_PIXELS = 210
"""Inputs are put below each other rather than made narrower than this."""


@dataclass(frozen=True, kw_only=True)
class Edited(Generic[S]):
    """What a form holds now."""

    values: dict[str, Any]
    """Plain values of all fields, those not shown included."""
    spec: S | None
    """The settings, or None while something is wrong with them."""
    problems: tuple[str, ...]
    """What is wrong, as sentences; they are on the screen already."""


def edit(
    model: type[S],
    *,
    key: str,
    values: S | Mapping[str, Any] | None = None,
    only: Sequence[str] | None = None,
    more: Sequence[str] = (),
    more_label: str = "More settings",
    columns: int = 3,
    disabled: bool = False,
) -> Edited[S]:
    """Draw inputs for the settings of a spec and return what they say.

    Args:
        model: The class of the settings.
        key: Name of this form in the session. Inputs keep what was typed for as long as it is the
            same: use another key to start from other `values`.
        values: What to start from; fields not given have their default.
        only: Fields to show, in this order; without it all that have an input. `kind` never has.
        more: Fields that are shown in an expander below the others.
        more_label: What the expander says.
        columns: Most inputs side by side; fewer on a narrow screen.
        disabled: Show, but let nothing be changed.
    """
    start = model.model_validate(dict(values) if isinstance(values, Mapping) else values or {})
    shown = [name for name in (only or model.model_fields) if name not in more and _has_input(model.model_fields[name])]
    current = {name: getattr(start, name) for name in model.model_fields}
    places: dict[str, Any] = {}

    def draw(names: Sequence[str]) -> None:
        grid = st.grid(columns, min_column_width=NARROWEST_INPUT_PIXELS)
        for name in names:
            with grid.cell():
                field = model.model_fields[name]
                current[name] = _input(name, field, current[name], key=f"{key}-{name}", disabled=disabled)
                places[name] = st.empty()

    if shown:
        draw(shown)
    whole = st.empty()
    if more:
        with st.expander(more_label, icon=":material/tune:", key=f"{key}-more"):
            draw(more)
    try:
        return Edited(values=current, spec=model.model_validate(current), problems=())
    except ValidationError as error:
        sentences = explain_by_field(error, model)
    for name, sentence in sentences.items():
        places.get(name, whole).markdown(f":red[:material/error: {escape(sentence)}]")
    return Edited(values=current, spec=None, problems=tuple(sentences.values()))


def label_of(model: type[Spec], name: str) -> str:
    """What a setting is called on the screen."""
    return model.model_fields[name].title or name.replace("_", " ").capitalize()


def choice_label(choice: object) -> str:
    """What a choice of a setting is called on the screen: 'rmsprop' -> 'RMSprop'."""
    return CHOICE_LABELS.get(str(choice), str(choice).replace("_", " "))


CHOICE_LABELS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "relu": "ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "elu": "ELU",
    "imagenet": "ImageNet",
    "blocks": "last blocks",
}


def _has_input(field: FieldInfo) -> bool:
    if get_origin(field.annotation) is Literal:
        return len(get_args(field.annotation)) > 1
    return field.annotation in (bool, int, float, str)


def _input(name: str, field: FieldInfo, value: Any, *, key: str, disabled: bool) -> Any:
    """Draw the input that suits the type of a field."""
    shared: dict[str, Any] = {
        "label": field.title or name.replace("_", " ").capitalize(),
        "help": field.description,
        "key": key,
        "disabled": disabled,
    }
    if get_origin(field.annotation) is Literal:
        return _choice(get_args(field.annotation), value, shared)
    if field.annotation is bool:
        return st.toggle(value=value, **shared)
    if field.annotation is int:
        low, high = _limits(field)
        return st.number_input(
            value=value, min_value=_whole(low), max_value=_whole(high), step=1, required=True, **shared
        )
    if field.annotation is float:
        return _real(field, value, shared)
    longest = next((item.max_length for item in field.metadata if hasattr(item, "max_length")), None)
    return st.text_input(value=value, max_chars=longest, **shared)


def _choice(choices: tuple[str, ...], value: str, shared: dict[str, Any]) -> str:
    if len(choices) <= SEGMENTS_AT_MOST:
        return st.segmented_control(
            options=choices, default=value, required=True, format_func=choice_label, **shared
        )
    return st.selectbox(options=choices, index=choices.index(value), format_func=choice_label, **shared)


def _real(field: FieldInfo, value: float, shared: dict[str, Any]) -> float:
    low, high = _limits(field)
    if any(isinstance(item, Gt) for item in field.metadata) and 0 < value <= 0.01:
        # A learning rate: tiny numbers of very different size, so one digit at its own magnitude is a step.
        step = 10.0 ** (math.floor(math.log10(field.default or value)) - 1)
        return st.number_input(
            value=value, min_value=low, max_value=high, step=step, format="%.1e", required=True, **shared
        )
    return st.number_input(
        value=value, min_value=low, max_value=high, step=0.05, format="%.2f", required=True, **shared
    )


def _limits(field: FieldInfo) -> tuple[float | None, float | None]:
    """Both limits of a number, as the browser wants them: included."""
    low = high = None
    for item in field.metadata:
        match item:
            case Ge():
                low = float(item.ge)
            case Gt():
                low = float(item.gt)
            case Le():
                high = float(item.le)
            case Lt():
                high = float(item.lt)
    return low, high


def _whole(limit: float | None) -> int | None:
    return None if limit is None else int(limit)
