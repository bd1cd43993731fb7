"""c360.records.dataclass behaves as the standard library's in everything that c360 uses."""

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c360 import records

kinds = [{"frozen": frozen, "slots": slots} for frozen in (True, False) for slots in (True, False)]
calls = st.tuples(
    st.lists(st.integers(0, 2), max_size=6),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d", "unknown"]), st.integers(0, 2), max_size=4),
)


def twins(**options: Any) -> tuple[type, type]:
    """One class by the standard decorator and one by ours."""

    def make(dataclass: Any) -> type:
        @dataclass(**options)
        class Thing:
            """A thing."""

            a: int
            b: int = 1
            c: list[int] = dataclasses.field(default_factory=list, compare=False)
            d: Any = dataclasses.field(default=None, repr=False)
            e: int = dataclasses.field(init=False, default=7)

        return Thing

    return make(dataclasses.dataclass), make(records.dataclass)


def outcome(make: Any) -> Any:
    try:
        return make()
    except (TypeError, AttributeError) as error:
        return type(error).__name__


@pytest.mark.parametrize("options", kinds, ids=str)
@given(one=calls, other=calls)
def test_calls_give_the_values_defaults_text_order_and_hash_of_the_standard_class(options, one, other):
    seen = []
    for kind in twins(**options):
        made = [outcome(lambda kind=kind, call=call: kind(*call[0], **call[1])) for call in (one, other)]
        shown = [x if isinstance(x, str) else (repr(x), dataclasses.asdict(x)) for x in made]
        seen.append((shown, made[0] == made[1], [outcome(lambda x=x: hash(x)) for x in made if isinstance(x, kind)]))
    assert seen[0][:2] == seen[1][:2]
    assert [isinstance(x, str) for x in seen[0][2]] == [isinstance(x, str) for x in seen[1][2]]


@pytest.mark.parametrize("options", kinds, ids=str)
def test_what_is_frozen_refuses_changes_and_replace_makes_another(options):
    for kind in twins(**options):
        thing = kind(1, d=3)
        assert dataclasses.replace(thing, b=5) == kind(1, 5, d=3) != thing
        assert [field.name for field in dataclasses.fields(thing)] == ["a", "b", "c", "d", "e"]
        assert hasattr(thing, "__dict__") is not options["slots"]
        assert copy.deepcopy(thing) == thing
        if options["frozen"]:
            with pytest.raises(dataclasses.FrozenInstanceError):
                thing.a = 2
            with pytest.raises(dataclasses.FrozenInstanceError):
                del thing.a
            assert len({thing, kind(1, d=3)}) == 1
        else:
            thing.a = 2
            assert thing.a == 2
            with pytest.raises(TypeError, match="unhashable"):
                hash(thing)


def test_lists_made_by_default_are_not_shared():
    _, kind = twins(frozen=True)
    kind(1).c.append(1)
    assert kind(1).c == []


@records.dataclass(frozen=True)
class Parent:
    """With a default that a child overrides, and what is set after."""

    name: str
    size: int = 1

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")

    def __repr__(self) -> str:
        return f"<{self.name}>"


@records.dataclass(frozen=True)
class Child(Parent):
    """Adds a field."""

    size: int = 2
    age: int = 0


def test_a_child_has_the_fields_of_its_parent_and_own_methods_stay():
    assert Child("x") == Child("x", 2, 0) != Parent("x", 2)
    assert repr(Parent("x")) == "<x>"
    assert repr(Child("x")) == "Child(name='x', size=2, age=0)"
    assert pickle.loads(pickle.dumps(Child("x", age=3))) == Child("x", age=3)
    with pytest.raises(ValueError, match="no name"):
        Child("")


def test_a_wrong_call_says_what_is_wrong():
    for make, said in (
        (Parent, "missing required arguments: 'name'"),
        (lambda: Parent("x", 1, 2), "takes 2 values but 3 were given"),
        (lambda: Parent("x", name="y"), "multiple values for argument 'name'"),
        (lambda: Parent("x", sise=1), "unexpected keyword argument 'sise'"),
    ):
        with pytest.raises(TypeError, match=said):
            make()


def test_positional_patterns_know_the_fields():
    match Child("x", age=4):
        case Child(name, size, age):
            assert (name, size, age) == ("x", 2, 4)


def test_no_method_is_compiled_for_a_class():
    """The reason why it exists: the code of a method is that of the module."""
    assert inspect.getsourcefile(Child.__init__) == inspect.getsourcefile(records)
    assert Child.__init__ is Parent.__init__
