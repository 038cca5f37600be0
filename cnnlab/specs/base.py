"""What every spec has in common: frozen, strict about unknown names, JSON there and back, readable errors.

This module never knows a particular setting.
"""

import json
import reprlib
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from cnnlab.errors import SpecError

MEND = "Export them again, or mend the file."


class Spec(BaseModel):
    """Settings that do not change once made; a changed copy comes from `with_changes`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=False
    )

    @classmethod
    def create(cls, values: dict[str, Any]) -> Self:
        """Build from plain values.

        Raises:
            SpecError: A value is missing, unknown or out of range; every fault has its sentence.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(explain(error, cls)) from None

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Build from JSON.

        Raises:
            SpecError: The text is no JSON, or its values cannot work.
        """
        try:
            values = json.loads(text)
        except UnicodeDecodeError:
            raise SpecError(f"These settings are no text in UTF-8. {MEND}") from None
        except (ValueError, RecursionError) as error:
            raise SpecError(f"These settings are not valid JSON ({error}). {MEND}") from None
        if not isinstance(values, dict):
            found = "null" if values is None else reprlib.repr(values)
            raise SpecError(
                f"These settings are {found}; settings are one JSON object, with a value for each name. {MEND}"
            )
        return cls.create(values)

    def to_json(self) -> str:
        """Write as indented JSON that `from_json` reads back to an equal spec."""
        return self.model_dump_json(indent=2)

    def with_changes(self, **changes: Any) -> Self:
        """Return a copy with some settings changed, checked again as a whole.

        Raises:
            SpecError: The changed settings cannot work.
        """
        return self.create({**self.model_dump(), **changes})


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Turn pydantic's findings into sentences that name the setting as the page does."""
    return " ".join(_sentence(detail, model) for detail in error.errors(include_url=False))


def explain_by_field(error: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    """Turn pydantic's findings into sentences, each under the setting that it is about; "" for the whole."""
    sentences: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        field = str(detail["loc"][0]) if detail["loc"] else ""
        sentences.setdefault(field, []).append(_sentence(detail, model))
    return {field: " ".join(found) for field, found in sentences.items()}


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    path = [part for part in detail["loc"] if not isinstance(part, int)]
    name = str(path[-1]) if path else model.__name__
    field = model.model_fields.get(name)
    label = (field.title if field and field.title else name.replace("_", " ")).capitalize()
    context = detail.get("ctx", {})
    # Shortened: somebody may have put a whole file into a field.
    found = (
        reprlib.repr(detail["input"]) if not isinstance(detail["input"], dict | list) else "what was given"
    )
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "missing":
            return f"{label} is missing. Give it a value."
        case "extra_forbidden":
            return f"{label} is not a setting that cnnlab knows. Leave it out."
        case "greater_than_equal" | "greater_than":
            word = "at least" if "ge" in context else "more than"
            return f"{label} is {found}; it has to be {word} {context.get('ge', context.get('gt'))}."
        case "less_than_equal" | "less_than":
            word = "at most" if "le" in context else "less than"
            return f"{label} is {found}; it has to be {word} {context.get('le', context.get('lt'))}."
        case "literal_error":
            return f"{label} is {found}; choose {context['expected']}."
        case "union_tag_invalid":
            return f"{label} has the kind {context['tag']!r}; choose {context['expected_tags']}."
        case "union_tag_not_found":
            return f"{label} does not say its kind. Export these settings again."
        case _:
            return f"{label} is {found}: {detail['msg'][0].lower()}{detail['msg'][1:]}."
