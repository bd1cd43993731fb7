"""Data classes as the standard library makes them, but with methods that are not compiled anew for each class.

The standard decorator writes the source of up to six methods per class and compiles it: half a millisecond each time the
class is imported, and a short run imports more than a hundred of them before it has read a row. Here all classes share
the same few functions, which walk the fields. `fields`, `replace`, `asdict` and type checkers see a standard data class.
"""

from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as standard
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(kind: type | None = None, /, *, frozen: bool = False, slots: bool = False, eq: bool = True) -> Any:
        """`dataclasses.dataclass`, with these options only.

        In: a class whose annotations are its fields. Out: the class (with slots: a copy of it) with the methods below,
        except those that it defines itself.
        """

        def made(kind: type) -> type:
            own = dict(vars(kind))
            kind = standard(init=False, repr=False, eq=False, slots=slots)(kind)
            kind.__shape__ = shape_of(kind, slots=slots)
            for name, method in methods(frozen=frozen, slots=slots, eq=eq).items():
                if own.get(name) is None:
                    setattr(kind, name, method)
            return kind

        return made if kind is None else made(kind)


class Shape(NamedTuple):
    """What the methods need to know of a class, in the order of its fields."""

    asked: tuple[str, ...]  # what its call takes
    names: frozenset[str]
    total: int  # of all fields
    plain: dict[str, Any]  # values of what need not be given
    built: tuple[tuple[str, Any], ...]  # what makes such a value
    compared: tuple[str, ...]
    shown: tuple[str, ...]
    slots: bool
    ends: bool  # whether it has a `__post_init__`


def shape_of(kind: Any, *, slots: bool) -> Shape:
    """The shape of a class that the standard decorator knows the fields of."""
    all_fields: tuple[Field[Any], ...] = fields(kind)
    asked = tuple(field.name for field in all_fields if field.init)
    return Shape(
        asked,
        frozenset(asked),
        len(all_fields),
        {field.name: field.default for field in all_fields if field.default is not MISSING},
        tuple((field.name, field.default_factory) for field in all_fields if field.default_factory is not MISSING),
        tuple(field.name for field in all_fields if field.compare),
        tuple(field.name for field in all_fields if field.repr),
        slots,
        hasattr(kind, "__post_init__"),
    )


def methods(*, frozen: bool, slots: bool, eq: bool) -> dict[str, Any]:
    """The methods of a class by name; as everywhere, what is compared by value and may change has no hash."""
    return (
        {"__init__": fill, "__repr__": written}
        | ({"__eq__": same, "__hash__": digest if frozen else None} if eq else {})
        | ({"__setattr__": refuse, "__delattr__": refuse} if frozen else {})
        | ({"__getstate__": held, "__setstate__": hold} if frozen and slots else {})
    )


def fill(self: Any, *values: Any, **given: Any) -> None:
    """Set each field to what is given by place or by name, or else to its default.

    Raises:
        TypeError: something is given twice, is missing or is no field.
    """
    shape: Shape = self.__shape__
    state = dict(zip(shape.asked, values, strict=False)) | given if values else given
    if len(state) < len(values) + len(given) or not given.keys() <= shape.names:
        refuse_call(type(self), shape, values, given)
    if len(state) < shape.total:
        state = shape.plain | state
        for name, make in shape.built:
            if name not in state:
                state[name] = make()
        if not shape.names <= state.keys():
            refuse_call(type(self), shape, values, given)
    if shape.slots:
        hold(self, state)
    else:
        self.__dict__.update(state)
    if shape.ends:
        self.__post_init__()


def held(self: Any) -> dict[str, Any]:
    """The value of every field: what a copy is made of where there is no `__dict__`."""
    return {field.name: getattr(self, field.name) for field in fields(self)}


def hold(self: Any, state: dict[str, Any]) -> None:
    """Set fields past what refuses changes."""
    for name, value in state.items():
        object.__setattr__(self, name, value)


def refuse_call(kind: type, shape: Shape, values: tuple[Any, ...], given: dict[str, Any]) -> NoReturn:
    """Raise TypeError for a call that no function with these parameters would take."""
    name = f"{kind.__qualname__}.__init__()"
    if len(values) > len(shape.asked):
        raise TypeError(f"{name} takes {len(shape.asked)} values but {len(values)} were given")
    twice = [key for key in shape.asked[: len(values)] if key in given]
    if twice:
        raise TypeError(f"{name} got multiple values for argument '{twice[0]}'")
    unknown = [key for key in given if key not in shape.names]
    if unknown:
        raise TypeError(f"{name} got an unexpected keyword argument '{unknown[0]}'")
    known = {*shape.asked[: len(values)], *given, *shape.plain, *(name for name, _ in shape.built)}
    absent = ", ".join(repr(key) for key in shape.asked if key not in known)
    raise TypeError(f"{name} missing required arguments: {absent}")


def values_of(record: Any) -> tuple[Any, ...]:
    """The values of the fields that count when two are compared."""
    return tuple([getattr(record, name) for name in record.__shape__.compared])


def written(self: Any) -> str:
    """`Kind(field=value, ...)`."""
    inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__shape__.shown)
    return f"{type(self).__qualname__}({inside})"


def same(self: Any, other: object) -> bool:
    """Two of one class are equal when their fields are."""
    return values_of(self) == values_of(other) if type(other) is type(self) else NotImplemented


def digest(self: Any) -> int:
    """The hash of the fields."""
    return hash(values_of(self))


def refuse(self: Any, name: str, *_: object) -> NoReturn:
    """What is frozen stays as it is."""
    raise FrozenInstanceError(f"field {name!r} of a {type(self).__qualname__} cannot be changed")
