"""What every block of the project file shares: it is frozen, refuses unknown keys and can be described and owned."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Tier = Literal["realtime", "daily", "weekly", "monthly"]
Duration = Annotated[str, StringConstraints(pattern=r"^\d{1,5}(min|h|d|w|mo|q|y)$")]


def as_list(value: Any) -> Any:
    """A single item where a list is wanted: `key: id` means `key: [id]`."""
    return value if isinstance(value, list) or value is None else [value]


OneOrMany = Annotated[tuple[str, ...], BeforeValidator(as_list)]


class Block(BaseModel):
    """A mapping of the project file.

    Its validator is built when it is first used: those of blocks that only stand inside others never are.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=True, defer_build=True
    )

    description: str | None = None
    owner: str | None = None
