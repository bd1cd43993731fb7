"""A context in, plain values out: what `.json` answers, and what the API's document describes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from types import NoneType
from typing import Any
from uuid import UUID


def time_text(value: datetime) -> str:
    """A UTC time with a Z."""
    return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def float_or_none(value: float) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return value if isfinite(value) else None


def whole(value: int) -> int | str:
    """Numbers that a browser would round are text."""
    return value if isinstance(value, bool) or abs(value) < 2**53 else str(value)


forms: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((str, NoneType), lambda value: value),
    (int, whole),
    (float, float_or_none),
    (datetime, time_text),
    (date, date.isoformat),
    (timedelta, timedelta.total_seconds),
    ((Decimal, UUID), str),
    ((bytes, bytearray), lambda value: value.hex()),
    (Mapping, lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((list, tuple, set, frozenset), lambda value: [plain(item) for item in value]),
)


def plain(value: Any) -> Any:
    """A value as JSON knows it: times in UTC with a Z, decimals as text so that no digit is lost."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    for kinds, form in forms:
        if isinstance(value, kinds):
            return form(value)
    return str(value)


def json_text(value: Any) -> str:
    """An object as JSON text."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
