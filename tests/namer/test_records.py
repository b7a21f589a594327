"""Classes made by `namer.records` against what `dataclasses.dataclass` makes of the same body."""

import dataclasses
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from namer.records import config_class, record


class Point:
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)

    def __post_init__(self):
        if self.y == 13:
            raise ValueError("unlucky")


class Hashable:
    x: int
    note: str = field(default="", compare=False)


def both(make, body=Point, **options):
    """The same class body as a frozen dataclass and as one of ours."""
    parts = {name: value for name, value in vars(body).items() if name not in ("__dict__", "__weakref__")}
    expected, made = (type("Made", (), dict(parts)) for _ in range(2))
    return dataclass(frozen=True, **options)(expected), make(made)


def outcome(cls, *args, **given):
    """The fields of what `cls` makes and how it shows, or the kind of error."""
    try:
        made = cls(*args, **given)
    except (TypeError, ValueError) as error:
        return type(error)
    return dataclasses.asdict(made), repr(made)


ARGS = st.lists(st.integers(0, 13), max_size=5)
GIVEN = st.dictionaries(st.sampled_from(["x", "y", "tags", "note", "other"]), st.integers(0, 13))


@given(ARGS, GIVEN)
def test_a_record_is_made_of_arguments_as_a_dataclass_is(args, given):
    expected, made = both(record)
    assert outcome(made, *args, **given) == outcome(expected, *args, **given)


@given(ARGS, GIVEN)
def test_a_config_class_is_made_of_arguments_as_a_keyword_only_dataclass_is(args, given):
    expected, made = both(config_class, kw_only=True)
    assert outcome(made, *args, **given) == outcome(expected, *args, **given)


@given(st.integers(0, 3), st.integers(0, 3), st.text(max_size=1), st.text(max_size=1))
def test_equality_and_hash_are_those_of_the_compared_fields(x, y, note, other_note):
    expected, made = both(record, Hashable)
    one, two = made(x, note=note), made(y, note=other_note)
    assert (one == two) is (expected(x, note=note) == expected(y, note=other_note))
    assert one != two or hash(one) == hash(two)


@config_class
class Base:
    first: int = 1


@config_class
class Derived(Base):
    second: int

    def __repr__(self):
        return "shown its own way"


def test_a_value_is_no_equal_of_another_class():
    assert Base() != Derived(second=2)
    assert Base() != 1


def test_fields_are_inherited_and_what_a_class_defines_itself_stays():
    assert [each.name for each in fields(Derived)] == ["first", "second"]
    assert repr(Derived(second=2)) == "shown its own way"
    assert repr(Base()) == "Base(first=1)"


def test_replace_makes_a_changed_copy():
    assert replace(Derived(second=2), first=7) == Derived(first=7, second=2)


def test_nothing_is_assigned_or_deleted():
    value = Base()
    with pytest.raises(FrozenInstanceError):
        value.first = 2
    with pytest.raises(FrozenInstanceError):
        del value.first
    assert value == Base()


def test_records_take_part_in_matching_by_position():
    @record
    class Pair:
        left: int
        right: int

    match Pair(1, 2):
        case Pair(left, right):
            assert (left, right) == (1, 2)
        case _:
            pytest.fail("no match")
