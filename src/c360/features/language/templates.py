"""The YAML files of the standard library in, templates out: what each needs, and the features it makes."""

from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any

from c360.project.yaml import read_yaml
from c360.records import dataclass

folder = Path(__file__).parents[1] / "library"
parts = ("web", "shop", "saas", "support", "crm")
every_kind = ("person", "group", "account", "thing")


@dataclass(frozen=True)
class Role:
    """An activity that a template needs, by the names it may have in a project.

    Attributes:
        activities: names that are looked for, in order; empty for any activity.
        attributes: attribute -> names that are looked for.
        optional: attributes that may be missing; then the features that use them are left out.
        may_miss: the whole activity may be missing.
    """

    activities: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()
    may_miss: bool = False


@dataclass(frozen=True)
class Template:
    """One template of the library.

    Attributes:
        part: the folder: web, shop, saas, support, crm.
        of: the kinds of entity that it fits.
        members: it reads the activities of members, never the entity's own.
        windows: one feature per window; `all` has no window and no suffix.
        needs: role -> the activity behind it.
        with_: templates whose features it reads.
        member_features: features that the members must have.
        predicted: features that need a fitted model.
    """

    name: str
    part: str
    number: int
    title: str
    features: dict[str, dict[str, Any]]
    of: tuple[str, ...] = every_kind
    members: bool = False
    windows: tuple[str, ...] = ()
    needs: dict[str, Role] = field(default_factory=dict)
    with_: tuple[str, ...] = ()
    member_features: dict[str, dict[str, Any]] = field(default_factory=dict)
    predicted: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def library() -> dict[str, Template]:
    """Every template by name, in the order of their numbers."""
    found = [read_template(path) for part in parts for path in sorted((folder / part).glob("*.yml"))]
    return {template.name: template for template in sorted(found, key=lambda one: one.number)}


def read_template(path: Path) -> Template:
    """One file of the library."""
    value = read_yaml(path, path.name).value
    return Template(
        name=path.stem,
        part=path.parent.name,
        number=value["number"],
        title=value["title"],
        features=value["features"],
        of=tuple(value.get("of", every_kind)),
        members=value.get("members", False),
        windows=tuple(value.get("windows", ())),
        needs={role: read_role(item) for role, item in value.get("needs", {}).items()},
        with_=tuple(value.get("with", ())),
        member_features=value.get("member_features", {}),
        predicted=tuple(value.get("predicted", ())),
    )


def read_role(value: dict[str, Any]) -> Role:
    """One entry of `needs:`."""
    optional = value.get("optional", ())
    return Role(
        activities=tuple(value.get("activities", ())),
        attributes={name: tuple(names) for name, names in value.get("attributes", {}).items()},
        optional=tuple(value.get("attributes", {})) if optional is True else tuple(optional),
        may_miss=optional is True,
    )
