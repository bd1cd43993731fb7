"""The fields of a form in, a feature as the project file declares it out; and back, for those that the form can show."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from c360.activity import attributes_of
from c360.errors import Fault, ProjectError
from c360.features import check
from c360.project import Project
from c360.project.blocks.features import EntityFeatures, Feature
from c360.records import dataclass

aggregates = {
    "count": "how often",
    "any": "whether ever",
    "sum": "sum of",
    "avg": "mean of",
    "min": "least",
    "max": "greatest",
    "first": "time of the first",
    "last": "time of the last",
    "distinct": "how many different",
}
unasked = ("owner", "unit", "tier", "null", "pii", "signal", "type", "history")  # kept as they are
over_attribute = ("sum", "avg", "min", "max", "distinct")
operators = {"equals": "=", "differs": "<>", "at least": ">=", "more than": ">", "at most": "<=", "less than": "<"}
name_form = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
number_form = re.compile(r"^-?\d+(\.\d+)?$")
where_form = re.compile(r"^(?P<name>\w+) (?P<sign>=|<>|>=|>|<=|<) (?P<value>'(?:[^']|'')*'|-?\d+(?:\.\d+)?)$")


@dataclass(frozen=True)
class Draft:
    """The fields of the form."""

    entity: str
    name: str
    activity: str
    aggregate: str
    attribute: str | None = None
    window: str | None = None
    member: str | None = None
    operator: str | None = None
    value: str | None = None
    description: str | None = None

    @property
    def where(self) -> str | None:
        """The condition as SQL over one attribute; its value is a literal, never a formula."""
        if not self.member or not self.operator or self.value is None:
            return None
        text = self.value.strip()
        shown = text if number_form.match(text) else "'" + text.replace("'", "''") + "'"
        return f"{self.member} {operators[self.operator]} {shown}"

    def declaration(self) -> dict[str, Any]:
        """The feature as the project file has it."""
        found: dict[str, Any] = {}
        if self.aggregate == "distinct":
            found = {"distinct": self.activity, "take": self.attribute}
        elif self.aggregate in over_attribute:
            found = {self.aggregate: self.attribute, "of": self.activity}
        elif self.aggregate in ("first", "last"):
            found = {self.aggregate: self.activity, "take": "ts"}
        else:
            found = {self.aggregate: self.activity}
        extra = {"window": self.window, "where": self.where, "description": self.description}
        return {**found, **{key: value for key, value in extra.items() if value}}


def draft_of(entity: str, name: str, feature: Feature) -> Draft | None:
    """A declared feature as fields; None when it says more than the form can show."""
    said = feature.model_dump(exclude_unset=True, exclude_none=True)
    verb = feature.verb
    known = {verb, "of", "take", "window", "where", "description", "version", *unasked}
    if verb not in aggregates or set(said) - known or not isinstance(feature.subject, str):
        return None
    if verb in ("first", "last") and feature.take != "ts":
        return None
    condition = where_form.match(feature.where) if feature.where else None
    if feature.where and condition is None:
        return None
    signs = {sign: word for word, sign in operators.items()}
    activity = feature.of if verb in over_attribute and verb != "distinct" else feature.subject
    attribute = feature.take if verb == "distinct" else feature.subject if verb in over_attribute else None
    if activity is None or feature.subject == "gap" or "." in f"{activity}{attribute or ''}":
        return None
    value = condition["value"] if condition else None
    if value is not None and value.startswith("'"):
        value = value[1:-1].replace("''", "'")
    return Draft(
        entity, name, activity, verb, attribute, feature.window, condition["name"] if condition else None,
        signs[condition["sign"]] if condition else None, value, feature.description,
    )  # fmt: skip


def activities_for(project: Project, entity: str) -> list[str]:
    """What the form offers to count: the entity's activities and the sets of them."""
    file = project.file
    own = [name for name, activity in file.activities.items() if any(entity in item.of for item in activity.from_)]
    sets = [name for name, members in file.activity_sets.items() if set(members) & set(own)]
    return [*own, *sets, "any"]


def attributes_for(project: Project, entity: str) -> list[str]:
    """The attributes of an entity's activities."""
    return list(attributes_of(project, entity))


def with_feature(project: Project, draft: Draft, *, version: int | None = None) -> tuple[Project, dict[str, Any]]:
    """The project with the feature of a draft in it, checked, and its declaration.

    Raises:
        ProjectError: the name will not do, or the declaration has faults; all of them.
    """
    if not name_form.match(draft.name):
        fix = "use small letters, digits and underscores, such as orders_30d"
        raise ProjectError(Fault("bad-feature-name", f"a feature cannot be called '{draft.name[:60]}'", fix=fix))
    declaration = draft.declaration() | ({"version": version} if version else {})
    try:
        feature = Feature.model_validate(declaration)
    except ValidationError as error:
        reasons = [str(one["msg"]).removeprefix("Value error, ") for one in error.errors()]
        faults = [Fault("bad-feature", reason, fix="change the field") for reason in reasons]
        raise ProjectError(*faults) from None
    changed = put(project, draft.entity, draft.name, feature)
    before = {fault.message for fault in check(project)}
    faults = [fault for fault in check(changed) if fault.message not in before]
    if faults:
        raise ProjectError(*(Fault(fault.code, fault.message, None, fault.fix) for fault in faults))
    return changed, declaration


def put(project: Project, entity: str, name: str, feature: Feature) -> Project:
    """The project with one feature set."""
    features: Mapping[str, EntityFeatures] = project.file.features
    block = features.get(entity, EntityFeatures())
    own = {**block.own, name: feature}
    changed = block.model_copy(update={"own": own})
    file = project.file.model_copy(update={"features": {**features, entity: changed}})
    return Project(project.root, file, project.positions)
