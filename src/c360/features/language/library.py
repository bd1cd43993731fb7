"""`use: shop` in, the definitions of the library that fit the project out, and why the others do not."""

import re
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from typing import Any

from c360.activity import activities_of, attributes_of
from c360.entities import columns_of
from c360.features.language.definition import Definition, define
from c360.features.language.relations import chains
from c360.features.language.same import Same
from c360.features.language.templates import Role, Template, library
from c360.features.language.windows import longest_days
from c360.project import Project
from c360.project.blocks.features import Feature, FeatureDefaults, LibraryUse
from c360.records import dataclass

role_token = re.compile(r"\$(\w+)(?:\.(\w+))?")
feature_token = re.compile(r"\$\((\w+)(\?\w*)?\)")
plain_words = {"value", "days", "member", "entity"}


@dataclass(frozen=True)
class Skipped:
    """What of the library a project does not get: a template, or one feature of it, and why."""

    entity: str
    template: str
    feature: str | None
    reason: str


@dataclass
class Expansion:
    """What `use:` comes to."""

    definitions: list[Definition] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def expand(project: Project) -> Expansion:
    """The library's features for a project."""
    return expand_once(Same(project))


@lru_cache(maxsize=4)
def expand_once(same: Same) -> Expansion:
    """The same, worked out once."""
    project, whole, taken = same.project, Expansion(), set[tuple[str, str]]()
    for entity, block in project.file.features.items():
        if entity not in project.file.entities:
            continue
        for part, use in block.use.items():
            found = Expander(project, entity, part, use).run()
            whole.skipped += found.skipped
            for definition in found.definitions:
                if definition.key not in taken:
                    taken.add(definition.key)
                    whole.definitions.append(definition)
    return whole


class MissingError(Exception):
    """Something that a template or feature needs is not there."""


class Expander:
    """Works out one part of the library for one entity."""

    def __init__(self, project: Project, entity: str, part: str, use: LibraryUse) -> None:
        self.project, self.entity, self.part, self.use = project, entity, part, use
        block = project.file.features[entity]
        self.defaults = FeatureDefaults(owner=block.defaults.owner, tier=block.defaults.tier)
        self.own = {*columns_of(project, entity), *block.own, *block.measures}
        self.own |= {name + again.suffix for again in block.again for name in again.measures}
        self.made: dict[str, Definition] = {}
        self.windowed: dict[str, bool] = {}
        self.result = Expansion()

    def run(self) -> Expansion:
        """Every template of the part, with those that they read."""
        for name, windows in self.wanted().items():
            template = library()[name]
            try:
                self.check_fit(template)
                roles = {role: self.find(need) for role, need in template.needs.items()}
            except MissingError as error:
                self.skip(template, None, str(error))
                continue
            self.expand_template(template, windows, roles)
        self.result.definitions += self.made.values()
        return self.result

    def wanted(self) -> dict[str, tuple[str, ...]]:
        """Template -> windows, each behind those that it reads; windows of its readers are added to its own."""
        chosen = [t for t in library().values() if t.part == self.part]
        if self.use.only is not None:
            chosen = [t for t in chosen if t.name in self.use.only]
        windows: dict[str, dict[str, None]] = {}
        order: dict[str, None] = {}

        def add(template: Template, more: tuple[str, ...]) -> None:
            own = (self.use.windows or template.windows) if template.windows else ()
            found = windows.setdefault(template.name, {})
            found.update(dict.fromkeys((*own, *more) if template.windows else ()))
            for name in template.with_:
                add(library()[name], tuple(found))
            order.setdefault(template.name)

        for template in chosen:
            if template.name not in self.use.without:
                add(template, ())
        return {name: tuple(windows[name]) for name in order}

    def check_fit(self, template: Template) -> None:
        """Whether a template can be for this kind of entity."""
        kind = self.project.kind(self.entity)
        if kind not in template.of:
            raise MissingError(f"it is for {' and '.join(template.of)}, not for a {kind}")
        if not activities_of(self.project, self.entity) and self.member() is None:
            raise MissingError(f"a {self.entity} has no activities")
        if template.members and self.member() is None:
            raise MissingError(f"no other entity with activities belongs to a {self.entity} in one clear way")
        for name in template.with_:
            if name not in self.done:
                raise MissingError(f"it reads the template '{name}', which does not fit")

    @property
    def done(self) -> set[str]:
        """The templates that gave anything."""
        return {name for name in library() if any(f in self.windowed for f in library()[name].features)}

    def member(self) -> tuple[str, str] | None:
        """The entity whose activities are those of the members, and the relation that leads from it."""
        for name in self.project.file.entities:
            found = chains(self.project, name, self.entity) if name != self.entity else []
            if found and activities_of(self.project, name) and (len(found) == 1 or len(found[0]) == 1):
                return name, found[0][0]
        return None

    def streams(self) -> list[str]:
        """The entities whose streams can be read: the entity's own, and its members'."""
        member = self.member()
        return [self.entity, *([member[0]] if member else [])]

    def find(self, role: Role) -> dict[str, str] | None:
        """The project's names for a role: `` -> activity, attribute -> attribute; None when it may be missing."""
        names = [self.use.activities[n] for n in role.activities if n in self.use.activities] or list(role.activities)
        reasons = []
        for name in names or ["any"]:
            for entity in self.streams():
                there = activities_of(self.project, entity)
                base = name.partition(": ")[0]
                known = base in there and (base == name or self.project.file.activities[base].split_by is not None)
                if (
                    name != "any"
                    and not known
                    and not set(self.project.file.activity_sets.get(name, ("",))) <= set(there)
                ):
                    continue
                found, lacking = self.attributes(role, name, entity)
                if not lacking:
                    return {"": name, **found}
                reasons.append(f"'{name}' has no attribute {' or '.join(lacking)}")
        if role.may_miss:
            return None
        raise MissingError(reasons[0] if reasons else f"it needs an activity {' or '.join(names)}")

    def attributes(self, role: Role, name: str, entity: str) -> tuple[dict[str, str], list[str]]:
        """The attributes of a role that an activity has, and the names of those that it lacks."""
        if name == "any":
            there = set(attributes_of(self.project, entity))
        else:
            members = self.project.file.activity_sets.get(name, (name.partition(": ")[0],))
            inputs = [item for one in members for item in self.project.file.activities[one].from_]
            there = {attribute for item in inputs for attribute in item.attributes}
        found, lacking = {}, []
        for attribute, names in role.attributes.items():
            chosen = self.use.attributes.get(attribute)
            match = next((n for n in ([chosen] if chosen else names) if n in there), None)
            if match is not None:
                found[attribute] = match
            elif attribute not in role.optional:
                lacking += list(names)
        return found, lacking

    def expand_template(
        self, template: Template, windows: tuple[str, ...], roles: dict[str, dict[str, str] | None]
    ) -> None:
        """Every feature of a template, for every window and value."""
        for base, feature in template.features.items():
            windowed = bool(template.windows) and not feature.get("once")
            for window in windows if windowed else ("",):
                for value in self.values_of(template, base, feature):
                    try:
                        self.add(template, base, feature, (window, value), roles)
                        self.windowed[base] = windowed
                    except MissingError as error:
                        self.skip(template, base, str(error))
        for name, feature in template.member_features.items():
            self.add_member_feature(name, feature)
        for name in template.predicted:
            self.skip(template, name, "it needs a fitted model; see `predictions:`")

    def values_of(self, template: Template, base: str, feature: dict[str, Any]) -> Iterator[str]:
        """The values of `per:`, or one empty value."""
        key = feature.get("per")
        if key is None:
            yield ""
        elif not self.use.values.get(key):
            self.skip(template, base, f"it makes a feature per {key}: add `values: {{{key}: [...]}}`")
        else:
            yield from self.use.values[key]

    def add(
        self,
        template: Template,
        base: str,
        feature: dict[str, Any],
        case: tuple[str, str],
        roles: dict[str, dict[str, str] | None],
    ) -> None:
        """One feature for one window and value."""
        window, value = case
        name = named(base, window, value)
        if name in self.own:
            self.skip(template, name, f"the project has its own '{name}'")
            return
        body = {key: self.fill(item, case, roles) for key, item in feature.items() if key not in ("once", "per")}
        is_formula = bool({"sql", "ratio", "score"} & set(body))
        if window not in ("", "all") and not is_formula:
            body["window"] = window
        member = self.member()
        if template.members and not is_formula and member is not None:
            body["via"] = member[1]
        path = ("features", self.entity, "use")
        self.made[name] = define(self.entity, name, Feature(**body), None, self.defaults, path)

    def add_member_feature(self, name: str, feature: dict[str, Any]) -> None:
        """A feature that members must have."""
        member = self.member()
        if member is not None:
            path = ("features", self.entity, "use")
            definition = define(member[0], name, Feature(**feature), None, self.defaults, path)
            self.result.definitions.insert(0, definition)

    def fill(self, item: Any, case: tuple[str, str], roles: dict[str, dict[str, str] | None]) -> Any:
        """A value of a template with the project's names in it."""
        if isinstance(item, dict):
            return {self.fill(key, case, roles): self.fill(value, case, roles) for key, value in item.items()}
        if isinstance(item, list):
            return [self.fill(value, case, roles) for value in item]
        if not isinstance(item, str):
            return item
        text = feature_token.sub(lambda match: self.refer(match[1], match[2], case), item)
        return role_token.sub(lambda match: self.word(match, case, roles), text)

    def refer(self, base: str, otherwise: str | None, case: tuple[str, str]) -> str:
        """The name of another feature of the library in the same window; `?` says what stands for a missing one."""
        window, value = case
        windowed = self.windowed.get(base, bool(window))
        for name in (named(base, window if windowed else "", value), named(base, window if windowed else "", "")):
            if name in self.made or name in self.own:
                return name
        if otherwise is not None:
            return "NULL" if otherwise == "?null" else "0"
        raise MissingError(f"it reads '{base}', which is not there")

    def word(self, match: re.Match[str], case: tuple[str, str], roles: dict[str, dict[str, str] | None]) -> str:
        """The project's name for `$role`, `$role.attribute`, `$value`, `$days`, `$member.column` or `$entity.column`."""
        role, attribute = match[1], match[2]
        member = self.member()
        plain = {
            "value": case[1].replace("'", "''"),
            "days": f"{longest_days(case[0]):.0f}" if case[0] not in ("", "all") else "",
        }
        plain |= {"member": member[0] if member else "", "entity": self.entity}
        if role in plain_words:
            return plain[role] + (f".{attribute}" if attribute else "")
        found = roles.get(role)
        if found is None:
            raise MissingError(f"it needs an activity for '{role}'")
        if attribute is None:
            return found[""]
        if attribute not in found:
            raise MissingError(f"'{found['']}' has no attribute for '{attribute}'")
        return found[attribute]

    def skip(self, template: Template, feature: str | None, reason: str) -> None:
        """Note what is left out."""
        skipped = Skipped(self.entity, template.name, feature, reason)
        if skipped not in self.result.skipped:
            self.result.skipped.append(skipped)


def named(base: str, window: str, value: str) -> str:
    """`orders_n` for 30d is `orders_n_30d`; a value stands before the window."""
    slug = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
    return "_".join(part for part in (base, slug, "" if window == "all" else window) if part)
