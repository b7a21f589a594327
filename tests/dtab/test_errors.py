"""dtab.md section 1.4: the error's parts, and its text."""

import copy
import pickle

import pytest

from dtab import Dtab, DtabSyntaxError


def test_the_error_keeps_its_parts():
    with pytest.raises(DtabSyntaxError) as caught:
        Dtab.read("/a=>/b;;")
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.text, error.position, error.expected, error.found) == ("/a=>/b;;", 7, "'/'", "';'")
    assert str(error) == "'/' expected but ';' found at '/a=>/b;[;]'"


def test_the_end_is_shown_as_empty_brackets():
    error = DtabSyntaxError("/shop/", 6, "label char")
    assert error.found == "end of input"
    assert str(error) == "label char expected but end of input found at '/shop/[]'"


@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_it_can_be_copied(clone):
    error = DtabSyntaxError("/a=>.", 5, "weight", "'.'")
    assert (str(clone(error)), vars(clone(error))) == (str(error), vars(error))
