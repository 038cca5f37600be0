"""Reading the settings of a claim that is worked by hand out of the address, as `learn_settings.address` writes them.

This module never checks them: their spec does.
"""

import contextlib
import json
from typing import Any

import streamlit as st

from cnnlab.specs.base import Spec


def read_address(model: type[Spec]) -> dict[str, Any]:
    """The values that the address holds for fields of these settings."""
    given: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name not in st.query_params:
            continue
        given[name] = st.query_params[name]
        # Text stays text, though it may be made of digits as a picture is.
        if field.annotation is not str:
            with contextlib.suppress(ValueError, RecursionError):
                given[name] = json.loads(st.query_params[name])
    return given
