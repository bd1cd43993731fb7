"""A form that makes or changes a feature: activity, aggregate, window and filter; values on a sample; then the file."""

from typing import Any

from c360.errors import C360Error, Fault
from c360.features import catalogue
from c360.profiles.names import names_of
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.navigation import entity_label
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit
from c360.web.topics.features.declaring import (
    Draft,
    activities_for,
    aggregates,
    attributes_for,
    draft_of,
    operators,
    over_attribute,
    unasked,
    with_feature,
)
from c360.web.topics.features.previewing import Preview, preview
from c360.web.topics.features.writing import flow, write_feature

windows = ("", "7d", "14d", "28d", "30d", "90d", "12mo")


@dataclass(frozen=True)
class FeatureFormContext(Context):
    """The form with what it would write, and its values on a sample."""

    draft: Draft = shown("The fields of the form.")
    is_new: bool = shown("Whether the feature is not there yet.")
    by_hand: str | None = shown("Where the feature is written by hand in a way that the form cannot show.")
    entities: tuple[tuple[str, str], ...] = shown("The entities: name and label.")
    activities: tuple[str, ...] = shown("What can be counted.")
    attributes: tuple[str, ...] = shown("The attributes of those activities.")
    aggregates: tuple[tuple[str, str], ...] = shown("The aggregates and what each is in words.")
    operators: tuple[str, ...] = shown("The operators of the filter.")
    windows: tuple[str, ...] = shown("Common windows; empty is ever.")
    line: str | None = shown("The line that is written to the project file.")
    wrong: tuple[str, ...] = shown("What is wrong with the declaration.")
    preview: Preview | None = shown("Its values on a sample.")
    names: dict[int, str] = shown("The names of the entities in the preview.")
    may_preview: bool = shown(
        "Whether the role sees values on a sample: only one from which nothing is kept back does."
    )


def entity_in(visit: Visit, name: str | None) -> str:
    """The entity of the form.

    Raises:
        MissingError: there is none of that name that has activities.
    """
    known = [entity for entity in visit.project.file.entities if len(activities_for(visit.project, entity)) > 1]
    wanted = name or next(iter(known), "")
    if wanted not in known:
        raise MissingError(
            Fault("unknown-entity", f"'{wanted[:60]}' has no activities", fix=f"choose one of: {', '.join(known)}")
        )
    return wanted


def draft_in(visit: Visit, entity: str, name: str | None = None) -> Draft:
    """The fields as they were sent."""
    values = visit.values
    activities = activities_for(visit.project, entity)
    activity = values["activity"] or activities[0]
    if activity not in activities:
        raise MissingError(
            Fault(
                "unknown-activity",
                f"a {entity} has no activity '{activity[:60]}'",
                fix=f"choose one of: {', '.join(activities)}",
            )
        )
    attributes = attributes_for(visit.project, entity)
    for wanted in (values["attribute"], values["member"]):
        if wanted and wanted not in attributes:
            raise MissingError(
                Fault(
                    "unknown-attribute",
                    f"there is no attribute '{wanted[:60]}'",
                    fix=f"choose one of: {', '.join(attributes)}",
                )
            )
    aggregate = values["aggregate"] or "count"
    member = values["member"] if values["value"] else None
    return Draft(
        entity, (name or values["name"] or "").strip(), activity, aggregate,
        values["attribute"] if aggregate in over_attribute else None, values["window"] or None, member,
        (values["operator"] or "equals") if member else None, values["value"] if member else None, values["description"] or None,
    )  # fmt: skip


def show_new(visit: Visit) -> FeatureFormContext:
    """The form for a new feature."""
    draft = draft_in(visit, entity_in(visit, visit.values["entity"]))
    return context_of(visit, draft, is_new=True, version=None)


def show_edit(visit: Visit) -> FeatureFormContext:
    """The form for a feature that is there."""
    entity, name = entity_in(visit, visit.path["entity"]), visit.path["name"]
    block = visit.project.file.features.get(entity)
    feature = block.own.get(name) if block else None
    if feature is None:
        raise MissingError(
            Fault(
                "unknown-feature",
                f"there is no feature '{entity}.{name[:60]}' that can be edited",
                fix="open the catalogue",
            )
        )
    if visit.values["activity"]:
        return context_of(visit, draft_in(visit, entity, name), is_new=False, version=feature.version + 1)
    draft = draft_of(entity, name, feature)
    if draft is None:
        at = visit.project.at("features", entity, name)
        empty = Draft(entity, name, activities_for(visit.project, entity)[0], "count")
        return context_of(visit, empty, is_new=False, version=None, by_hand=str(at or "the project file"))
    return context_of(visit, draft, is_new=False, version=None)


def context_of(
    visit: Visit, draft: Draft, *, is_new: bool, version: int | None, by_hand: str | None = None
) -> FeatureFormContext:
    """The form with its line and preview."""
    project = visit.project
    line: str | None = None
    wrong: tuple[str, ...] = ()
    found: Preview | None = None
    names = dict[int, str]()
    may_preview = visit.viewer.may("raw")
    if draft.name and by_hand is None:
        try:
            changed, declaration = with_feature(project, draft, version=version)
            line = f"{draft.name}: {flow(declaration)}"
            if may_preview and visit.site.readings.current() is not None and visit.values["activity"]:
                found = preview(changed, draft.entity, draft.name)
                ids = [row[0] for row in found.rows]
                names = names_of(visit.reading, draft.entity, ids)
                visit.reading.saw(draft.entity, ids)
        except C360Error as error:
            wrong = tuple(f"{fault.message}{f' — {fault.fix}' if fault.fix else ''}" for fault in error.faults)
    known = [entity for entity in project.file.entities if len(activities_for(project, entity)) > 1]
    return FeatureFormContext(
        title="New feature" if is_new else f"Edit {draft.name}",
        draft=draft,
        is_new=is_new,
        by_hand=by_hand,
        entities=tuple((name, entity_label(project, name)) for name in known),
        activities=tuple(activities_for(project, draft.entity)),
        attributes=tuple(attributes_for(project, draft.entity)),
        aggregates=tuple(aggregates.items()),
        operators=tuple(operators),
        windows=windows,
        line=line,
        wrong=wrong,
        preview=found,
        names=names,
        may_preview=may_preview,
    )


def save(visit: Visit) -> Outcome:
    """Write the feature to the project file."""
    project = visit.project
    entity = entity_in(visit, visit.values["entity"])
    draft = draft_in(visit, entity)
    block = project.file.features.get(entity)
    old = block.own.get(draft.name) if block else None
    derived = {entry.name for entry in catalogue(project) if entry.entity == entity}
    if old is None and draft.name in derived:
        fix = "choose another name"
        raise MissingError(
            Fault("feature-exists", f"'{draft.name}' comes from a repeated set and cannot be edited here", fix=fix)
        )
    version = (
        old.version + 1
        if old is not None and changes_values(old, draft)
        else (old.version if old and old.version > 1 else None)
    )
    _, declaration = with_feature(project, draft, version=version)
    if old is not None:
        declaration = kept(old.model_dump(exclude_unset=True, exclude_none=True), declaration)
    path = write_feature(visit.site.root, entity, draft.name, declaration)
    visit.site.changed()
    said = f"{path.name} has the feature now; the next run computes it."
    audit = {"feature": f"{entity}.{draft.name}", "version": declaration.get("version", 1)}
    return Outcome(
        f"/features/{entity}/{draft.name}", said, data={"file": path.name, "declaration": declaration}, audit=audit
    )


def changes_values(old: Any, draft: Draft) -> bool:
    """Whether a draft computes something else than the feature does now."""
    before = draft_of(draft.entity, draft.name, old)
    return before is None or {**vars(before), "description": None} != {**vars(draft), "description": None}


def kept(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The new declaration with what the form does not ask for: owner, unit, tier, null, pii, signal."""
    return {**new, **{key: old[key] for key in unasked if key in old and key not in new}}


fields = (
    Parameter("activity", "The activity, or a set of activities.", longest=120),
    Parameter("aggregate", "What to make of them.", choices=tuple(aggregates)),
    Parameter("attribute", "The attribute that is summed, averaged or counted.", longest=63),
    Parameter("window", "Only the last 30d, 4w or 12mo; empty is ever.", longest=10),
    Parameter("member", "The attribute of the filter.", longest=63),
    Parameter("operator", "The operator of the filter.", choices=tuple(operators)),
    Parameter("value", "The value of the filter.", longest=200),
    Parameter("description", "What it means, for everybody.", longest=400),
)
name = Parameter("name", "The name, such as orders_30d.", longest=63)
entity = Parameter("entity", "The entity.", longest=63)
endpoints = (
    Page(
        "/features/new", "feature_form.html", "edit", FeatureFormContext, show_new, "The form for a new feature.",
        (entity, name, *fields), reads_data=False,
    ),
    Page(
        "/features/{entity}/{name}/edit", "feature_form.html", "edit", FeatureFormContext, show_edit, "The form for a feature.",
        fields, reads_data=False, path_help={"entity": "An entity of the project.", "name": "The name of a feature."},
    ),
    Action("/features/save", "save-feature", "edit", save, "Write a feature to the project file.", (entity, Parameter("name", "The name, such as orders_30d.", longest=63, required=True), *fields)),
)  # fmt: skip
