"""The last row of a page in, the cursor of the next one out: it carries the snapshot, so that pages fit together."""

import base64
import binascii
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from c360.errors import Fault, ProjectError
from c360.records import dataclass


@dataclass(frozen=True)
class Cursor:
    """Where a page begins.

    Attributes:
        snapshot: the snapshot that the first page was read from.
        after: the sort value and the id of the last row of the page before.
    """

    snapshot: str
    after: tuple[Any, ...]

    def text(self) -> str:
        """The cursor as a parameter."""
        plain = [self.snapshot, *(packed(value) for value in self.after)]
        return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def packed(value: Any) -> Any:
    """A sort value as JSON: type and text, for what JSON does not know."""
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return {"n": str(value)} if isinstance(value, Decimal) else value


def unpacked(value: Any) -> Any:
    """The inverse of `packed`."""
    if not isinstance(value, dict):
        return value
    if "t" in value:
        return datetime.fromisoformat(value["t"])
    return date.fromisoformat(value["d"]) if "d" in value else Decimal(value["n"])


def parse_cursor(text: str, values: int) -> Cursor:
    """Read a cursor.

    Args:
        text: the parameter.
        values: how many values it must hold.

    Raises:
        ProjectError: it is none of ours.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        plain = json.loads(raw)
        snapshot, *after = plain
        cursor = Cursor(str(snapshot), tuple(unpacked(value) for value in after))
    except (ValueError, TypeError, KeyError, ArithmeticError, binascii.Error, UnicodeDecodeError, RecursionError):
        raise unknown_cursor() from None
    if len(after) != values or not cursor.snapshot.isascii() or not cursor.snapshot.isalnum():
        raise unknown_cursor()
    return cursor


def unknown_cursor() -> ProjectError:
    """The refusal of a cursor that is none of ours."""
    fault = Fault("bad-parameter", "parameter 'cursor' is none that a page gave", fix="start from the first page")
    return ProjectError(fault)
