"""A function that reads queries in, the same function out, which refuses what is nested too deeply to be read."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from c360.errors import Fault, ProjectError

Given = ParamSpec("Given")
Result = TypeVar("Result")


def refuses_depth(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Turn the interpreter's limit of nesting into a fault of the query."""

    @wraps(function)
    def wrapped(*args: Given.args, **named: Given.kwargs) -> Result:
        try:
            return function(*args, **named)
        except RecursionError:
            fix = "use fewer parentheses; `filters` is a list of conditions that all hold, `in` takes many values"
            raise ProjectError(Fault("lens-request", "the query is nested too deeply", fix=fix)) from None

    return wrapped
