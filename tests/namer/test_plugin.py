from dataclasses import dataclass

import pytest

from namer.plugin import NOT_IMPLEMENTED, Registry


@dataclass(frozen=True, kw_only=True)
class One:
    x: int = 1


@dataclass(frozen=True, kw_only=True)
class Two:
    pass


def numbers() -> Registry:
    registry = Registry("number", default="one", planned=("three",), refused={"zero": "nothing to count"})
    registry.register("one")(One)
    registry.register("two", experimental=True)(Two)
    return registry


def test_a_registry_knows_its_kinds_in_the_order_of_registration():
    assert dict(numbers().kinds) == {"one": One, "two": Two}


def test_a_second_registration_of_a_kind_is_refused_naming_both_classes():
    with pytest.raises(ValueError, match=r"number kind 'one' is registered twice: .*One.* and .*Two.*"):
        numbers().register("one")(Two)


def test_one_class_may_stand_for_several_kinds():
    registry = numbers()
    registry.register("uno")(One)
    assert registry.kinds["uno"] is One
    assert registry.kind_of(One()) == "one"


def test_a_class_that_is_not_registered_has_no_kind():
    with pytest.raises(KeyError):
        numbers().kind_of("text")


def test_planned_and_refused_kinds_say_why():
    assert numbers().refusal("three") == NOT_IMPLEMENTED
    assert numbers().refusal("zero") == "nothing to count"
    assert numbers().refusal("one") is None


def test_a_planned_kind_is_available_once_it_is_registered():
    registry = numbers()
    registry.register("three")(Two)
    assert registry.refusal("three") is None


def test_only_kinds_registered_as_experimental_are():
    assert numbers().is_experimental("two")
    assert not numbers().is_experimental("one")


def test_an_experimental_kind_makes_its_family_take_the_key():
    assert numbers().takes_experimental
    assert not Registry("number").takes_experimental


def test_the_default_configuration_is_the_default_kind_with_its_defaults():
    assert numbers().default_config() == One(x=1)


def test_a_family_without_default_has_no_default_configuration():
    with pytest.raises(ValueError, match="load balancer has no default kind"):
        Registry("load balancer").default_config()


def test_a_registry_shows_its_kinds():
    assert repr(numbers()) == "Registry('number', one, two)"
