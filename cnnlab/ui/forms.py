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

from cnnlab.specs.activations import ACTIVATIONS
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


class Form(Generic[S]):
    """The settings of one spec, drawn where the page wants them and checked once, as a whole.

    Args:
        model: The class of the settings.
        key: Name of this form in the session. Inputs keep what was typed for as long as it is the
            same: use another key to start from other `values`.
        values: What to start from; fields not given have their default.
        disabled: Show, but let nothing be changed.
    """

    def __init__(
        self,
        model: type[S],
        *,
        key: str,
        values: S | Mapping[str, Any] | None = None,
        disabled: bool = False,
    ) -> None:
        start = values if isinstance(values, model) else model.create(dict(values or {}))
        self.model = model
        self.key = key
        self.disabled = disabled
        self.values: dict[str, Any] = {name: getattr(start, name) for name in model.model_fields}
        """Plain values of all fields, as they are now."""
        self._places: dict[str, Any] = {}

    def draw(
        self,
        names: Sequence[str] | None = None,
        *,
        but: Sequence[str] = (),
        columns: int = 3,
        explain: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Draw inputs for these fields, or for all that have one and were not drawn yet.

        Args:
            names: Fields, in this order. `kind` and nested specs never have an input.
            but: Fields to leave out all the same.
            columns: Most inputs side by side; fewer on a narrow screen.
            explain: Write what a setting does below its input, not only behind a question mark.
            labels: What choices are called, where a table of them says it.
        """
        fields = self.model.model_fields
        names = [n for n in fields if n not in self._places] if names is None else names
        grid = st.grid(columns, min_column_width=NARROWEST_INPUT_PIXELS)
        for name in names:
            if name in but or not _has_input(fields[name]):
                continue
            with grid.cell():
                key = f"{self.key}-{name}"
                self.values[name] = _input(
                    name,
                    fields[name],
                    self.values[name],
                    key=key,
                    disabled=self.disabled,
                    help=None if explain else fields[name].description,
                    labels=labels or {},
                )
                self._places[name] = st.empty()
                if explain and fields[name].description:
                    st.caption(fields[name].description)

    def result(self) -> Edited[S]:
        """Check everything; faults are written beside their inputs, those of the whole right here."""
        try:
            return Edited(values=self.values, spec=self.model.model_validate(self.values), problems=())
        except ValidationError as error:
            sentences = explain_by_field(error, self.model)
        for name, sentence in sentences.items():
            self._places.get(name, st).markdown(f":red[:material/error: {escape(sentence)}]")
        return Edited(values=self.values, spec=None, problems=tuple(sentences.values()))


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
    """Draw a whole form and return what it says; see `Form` for the arguments it shares.

    Args:
        only: Fields to show; without it all that have an input.
        more: Fields that are shown in an expander below the others.
        more_label: What the expander says.
    """
    form = Form(model, key=key, values=values, disabled=disabled)
    names = [name for name in (only if only is not None else model.model_fields) if name not in more]
    form.draw(names, columns=columns)
    if more:
        with st.expander(more_label, icon=":material/tune:", key=f"{key}-more"):
            form.draw(more, columns=columns)
    return form.result()


def single(model: type[Spec], name: str, *, value: Any, key: str, disabled: bool = False) -> Any:
    """Draw the input of one field alone and return what it holds; the spec checks it when it is made."""
    field = model.model_fields[name]
    return _input(name, field, value, key=key, disabled=disabled, help=field.description, labels={})


def take(key: str, changes: Mapping[str, Any]) -> None:
    """Put values into the inputs of the form of this key; to be called before it is drawn, as by a button."""
    for name, value in changes.items():
        st.session_state[f"{key}-{name}"] = value


def label_of(model: type[Spec], name: str) -> str:
    """What a setting is called on the screen."""
    return model.model_fields[name].title or name.replace("_", " ").capitalize()


def choice_label(choice: object) -> str:
    """What a choice of a setting is called on the screen: 'rmsprop' -> 'RMSprop'."""
    return CHOICE_LABELS.get(str(choice), str(choice).replace("_", " "))


CHOICE_LABELS = {
    **{name: row.label for name, row in ACTIVATIONS.items()},
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "imagenet": "ImageNet",
    "blocks": "last blocks",
}


def _has_input(field: FieldInfo) -> bool:
    if get_origin(field.annotation) is Literal:
        return len(get_args(field.annotation)) > 1
    return field.annotation in (bool, int, float, str)


def _input(
    name: str,
    field: FieldInfo,
    value: Any,
    *,
    key: str,
    disabled: bool,
    help: str | None,
    labels: Mapping[str, str],
) -> Any:
    """Draw the input that suits the type of a field."""
    shared: dict[str, Any] = {
        "label": field.title or name.replace("_", " ").capitalize(),
        "help": help,
        "key": key,
        "disabled": disabled,
    }
    if get_origin(field.annotation) is Literal:
        return _choice(get_args(field.annotation), value, shared, labels=labels)
    if field.annotation is bool:
        return st.toggle(value=value, **shared)
    if field.annotation is int:
        low, high = _limits(field)
        if step := (field.json_schema_extra or {}).get("slider_step"):
            return st.slider(value=value, min_value=_whole(low), max_value=_whole(high), step=step, **shared)
        return st.number_input(value=value, min_value=_whole(low), max_value=_whole(high), step=1, **shared)
    if field.annotation is float:
        return _real(field, value, shared)
    longest = next((item.max_length for item in field.metadata if hasattr(item, "max_length")), None)
    return st.text_input(value=value, max_chars=longest, **shared)


def _choice(
    choices: tuple[str, ...], value: str, shared: dict[str, Any], *, labels: Mapping[str, str]
) -> str:
    def label(choice: str) -> str:
        return labels.get(choice) or choice_label(choice)

    if len(choices) <= SEGMENTS_AT_MOST:
        return st.segmented_control(
            options=choices, default=value, required=True, format_func=label, **shared
        )
    return st.selectbox(options=choices, index=choices.index(value), format_func=label, **shared)


def _real(field: FieldInfo, value: float, shared: dict[str, Any]) -> float:
    low, high = _limits(field)
    if any(isinstance(item, Gt) for item in field.metadata) and 0 < value <= 0.01:
        # A learning rate: tiny numbers of very different size, so one digit at its own magnitude is a step.
        step = 10.0 ** (math.floor(math.log10(field.default or value)) - 1)
        return st.number_input(value=value, min_value=low, max_value=high, step=step, format="%.2e", **shared)
    # A step suits the range: degrees go by whole ones, what is at most a tenth by a thousandth of that.
    step, written = (1.0, "%.1f") if (high or 0.0) >= 10.0 else (0.05, "%.2f")
    if high is not None and high <= 0.1:
        step, written = high / 1000.0, "%.4f"
    return st.number_input(value=value, min_value=low, max_value=high, step=step, format=written, **shared)


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
