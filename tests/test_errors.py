"""The errors that a user can meet are one tree, and it is drawn where they are."""

import inspect

import pytest

from cnnlab import errors
from cnnlab.errors import CnnlabError, unknown_name

CLASSES = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_in_the_tree_and_explained(name):
    kind = CLASSES[name]
    assert issubclass(kind, CnnlabError)
    assert kind.__doc__
    (line,) = [line for line in errors.__doc__.splitlines() if f" {name} " in f"{line} "]
    depth = len(kind.__mro__) - len(CnnlabError.__mro__)
    branch = line.index(name) - line.index(line.strip())
    assert branch == 4 * depth, "it is drawn below another error than the one it derives from"


def test_an_unknown_name_is_answered_with_those_there_are():
    assert (
        unknown_name("optimizer", "sdg", ["sgd", "adam"])
        == "There is no optimizer named 'sdg'. Choose one of: adam, sgd."
    )
