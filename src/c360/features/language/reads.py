"""One definition in, what it reads out: activities, members or a formula, with every name resolved to an SQL alias.

Aliases are the same in every statement: `s` a row of a stream, `m` a member, `o` the entity that owns the feature,
`u_<entity>` what the owner belongs to.
"""

from typing import Literal

from c360.activity import activities_of, attributes_of, named_activities
from c360.errors import Fault, ProjectError, suggest
from c360.features.language.definition import Definition, Key
from c360.features.language.derived import derived_columns, session, session_columns
from c360.features.language.relations import Chain, chains, choose_chain
from c360.features.language.scope import Scope
from c360.features.language.windows import split
from c360.project import Project
from c360.project.blocks.features import Feature
from c360.records import dataclass

Anchor = tuple[Literal["first", "last"], tuple[str, ...]]
Steps = tuple[tuple[str, int], ...]
needs_value = {"sum", "min", "max", "avg", "median", "mode", "percentile", "stddev", "list", "distinct"}


@dataclass(frozen=True)
class Following:
    """Only activities after which one of `names` happened within a time, or none did.

    Attributes:
        within: the time, in seconds.
        wanted: True when it must have happened.
    """

    names: tuple[str, ...]
    within: int
    wanted: bool


@dataclass(frozen=True)
class Read:
    """What a feature reads.

    Attributes:
        kind: rows of a stream, member entities, or only the entity's own columns and those it belongs to.
        source: the stream's or the members' entity; the entity itself for a formula.
        chain: the relations from `source` up to the entity; empty for its own stream.
        activities: names in the stream; None for any.
        value: SQL of the value that is aggregated, taken, picked or computed.
        value_key: where the value's type is found: (schema entity, column), when it is a plain column.
        condition: SQL that rows must meet.
        order: SQL ORDER BY of `pick`.
        anchor: for `relative`: the first or last activity of these names.
        needs: columns of entities that must be there before.
        aliases: the aliases that the SQL uses.
        gap: the value is the time between consecutive activities.
        sessions: the rows are sessions of these activities.
        following: what must, or must not, have happened after each row.
    """

    definition: Definition
    kind: Literal["stream", "members", "formula"]
    source: str
    chain: Chain = ()
    activities: tuple[str, ...] | None = None
    value: str | None = None
    value_key: tuple[str, str] | None = None
    condition: str | None = None
    order: str | None = None
    anchor: Anchor | None = None
    needs: frozenset[Key] = frozenset()
    aliases: frozenset[str] = frozenset()
    gap: bool = False
    sessions: bool = False
    following: Following | None = None

    @property
    def until(self) -> Steps:
        """How far back from now the rows end."""
        ago = self.definition.feature.ago
        return ((ago, 1),) if ago else ()

    def since(self, times: int = 1) -> Steps | None:
        """How far back from now the rows begin; None for the beginning."""
        window = self.definition.feature.window
        return (*self.until, (window, times)) if window else None

    @property
    def reach(self) -> Steps | None:
        """Where the earliest row that counts may lie: a trend looks back twice."""
        return self.since(2 if self.definition.feature.verb == "trend" else 1)

    @property
    def key(self) -> Key:
        """Entity and name."""
        return self.definition.key


class Resolver:
    """Turns definitions into reads, against the names of one project."""

    def __init__(self, project: Project, features: dict[str, list[str]]) -> None:
        self.project = project
        self.features = features

    def read(self, definition: Definition) -> Read:
        """Resolve one definition.

        Raises:
            ProjectError: a name is unknown, a relation is missing or ambiguous, or something is left out.
        """
        verb = definition.feature.verb
        if verb in ("sql", "ratio", "score"):
            return self.formula(definition)
        head, _, tail = str(definition.feature.subject).partition(".")
        if head in self.project.file.entities and named_activities(self.project, head) is None:
            return self.members(definition, head, tail or None)
        return self.stream(definition)

    def scope(
        self, definition: Definition, stream: str | None = None, member: str | None = None, *, sessions: bool = False
    ) -> Scope:
        """The names a feature's snippets may use."""
        return Scope(self.project, definition.entity, self.features, stream, member, sessions)

    def formula(self, definition: Definition) -> Read:
        """A formula over own columns and those of what the entity belongs to."""
        feature, scope = definition.feature, self.scope(definition)
        if feature.sql is not None:
            value = scope.compile(feature.sql, *definition.path, "sql")
        elif feature.score is not None:
            value = scope.compile(feature.score, *definition.path, "score")
        else:
            parts = feature.ratio or ()
            if len(parts) != 2:
                message = f"'{definition.name}': a ratio has two parts"
                raise ProjectError(
                    self.fault("feature-incomplete", message, definition, "ratio", "write `ratio: [a, b]`")
                )
            top, bottom = (scope.compile(part, *definition.path, "ratio") for part in parts)
            value = f"CAST({top} AS DOUBLE) / nullif({bottom}, 0)"
        return Read(
            definition, "formula", definition.entity, value=value, needs=frozenset(scope.needs),
            aliases=frozenset(scope.aliases),
        )  # fmt: skip

    def members(self, definition: Definition, member: str, column: str | None) -> Read:
        """An aggregate of member entities."""
        feature = definition.feature
        chain = choose_chain(self.project, member, definition, direct=False)
        scope = self.scope(definition, member=member)
        if feature.verb not in member_verbs:
            message = f"'{definition.name}': `{feature.verb}` reads activities, not a {member}"
            fix = f"of related entities there are {', '.join(sorted(member_verbs))}"
            raise ProjectError(self.fault("feature-verb", message, definition, feature.verb, fix))
        if column is None and feature.verb not in ("count", "any"):
            message = f"'{definition.name}': `{feature.verb}: {member}` does not say which column"
            fix = f"write `{feature.verb}: {member}.COLUMN`"
            raise ProjectError(self.fault("feature-incomplete", message, definition, feature.verb, fix))
        for key in ("window", "ago", "relative", "take", "to", "followed_by", "not_followed_by"):
            if getattr(feature, key) is not None:
                message = f"'{definition.name}': `{key}:` needs activities; a {member} has no time of its own"
                fix = "window the feature of the member that is read"
                raise ProjectError(self.fault("feature-window-without-time", message, definition, key, fix))
        value = scope.resolve(member, column) if column else None
        condition = self.condition(definition, scope)
        order = self.order(definition, scope) if feature.verb == "pick" else None
        return Read(
            definition, "members", member, chain, value=value, value_key=(member, column) if column else None,
            condition=condition, order=order, needs=frozenset(scope.needs), aliases=frozenset(scope.aliases),
        )  # fmt: skip

    def stream(self, definition: Definition) -> Read:
        """An aggregate of activities."""
        feature = definition.feature
        names, attribute, gap = self.subject(definition)
        sessions = feature.subject.partition(".")[0] == session
        source, chain = self.stream_of(definition, names)
        scope = self.scope(definition, stream=source, sessions=sessions)
        attribute = attribute or feature.take or self.default_value(definition, names)
        value = None
        if attribute is not None and not gap and feature.verb != "streak":
            value = scope.in_stream(attribute)
            if value is None:
                known = [*(session_columns if sessions else attributes_of(self.project, source)), *derived_columns]
                message = f"'{definition.name}': activities of {source} have no attribute '{attribute}'"
                fix = suggest(attribute, [*known, "ts"]) or f"attributes: {', '.join(known) or 'none'}"
                raise ProjectError(self.fault("unknown-attribute", message, definition, feature.verb, fix))
        elif feature.verb in needs_value and not gap:
            message = f"'{definition.name}': `{feature.verb}` does not say of which attribute"
            raise ProjectError(
                self.fault("feature-incomplete", message, definition, feature.verb, "add `take: ATTRIBUTE`")
            )
        condition = self.condition(definition, scope)
        every = is_every(feature)
        return Read(
            definition, "stream", source, chain, None if every else tuple(names), value,
            (source, attribute) if value and attribute else None, condition, anchor=self.anchor(definition),
            needs=frozenset(scope.needs), aliases=frozenset(scope.aliases), gap=gap, sessions=sessions,
            following=self.following(definition),
        )  # fmt: skip

    def subject(self, definition: Definition) -> tuple[list[str], str | None, bool]:
        """The activities that a feature names, its attribute, and whether it reads the gaps between them."""
        feature, text = definition.feature, str(definition.feature.subject)
        if text.partition(".")[0] == session:
            return self.activities(definition, feature.of or "any", "of"), text.partition(".")[2] or None, False
        if text == "gap":
            if feature.of is None:
                message = f"'{definition.name}' does not say the gap between which activities"
                raise ProjectError(
                    self.fault("feature-incomplete", message, definition, feature.verb, "add `of: ACTIVITY`")
                )
            return self.activities(definition, feature.of, "of"), None, True
        names = named_activities(self.project, text)
        if names is None and feature.of is not None:
            return self.activities(definition, feature.of, "of"), text, False
        if names is None and "." in text:
            head, _, attribute = text.partition(".")
            return self.activities(definition, head, feature.verb), attribute, False
        return self.activities(definition, text, feature.verb), None, False

    def activities(self, definition: Definition, name: str, key: str) -> list[str]:
        """The activities that a word stands for; `name: value` is one value of a split activity."""
        found = named_activities(self.project, name)
        if found is not None:
            return found
        base = name.partition(": ")[0]
        if base != name and base in self.project.file.activities and self.project.file.activities[base].split_by:
            return [name]
        file = self.project.file
        known = [*file.activities, *file.activity_sets, *file.entities, "any"]
        message = f"feature '{definition.name}' reads unknown activity '{name}'"
        fix = suggest(name, known) or f"declared: {', '.join(known)}"
        raise ProjectError(self.fault("feature-unknown-activity", message, definition, key, fix))

    def stream_of(self, definition: Definition, names: list[str]) -> tuple[str, Chain]:
        """Whose stream holds the activities: the entity's own, else that of the members who reach it."""
        entity, bases = definition.entity, {name.partition(": ")[0] for name in names}
        every = is_every(definition.feature)
        fits = [
            name
            for name in self.project.file.entities
            if activities_of(self.project, name) and (every or bases <= set(activities_of(self.project, name)))
        ]
        if entity in fits and definition.via is None:
            return entity, ()
        ways = {name: chains(self.project, name, entity) for name in fits if name != entity}
        reaching = sorted(
            (name for name in ways if ways[name]), key=lambda name: len(ways[name]) > 1 < len(ways[name][0])
        )
        if not reaching:
            who = ", ".join(sorted({o for b in bases for i in self.project.file.activities[b].from_ for o in i.of}))
            message = f"'{definition.name}' of {entity} reads activities of {who}, which do not belong to a {entity}"
            raise ProjectError(
                self.fault("feature-without-relation", message, definition, definition.feature.verb, None)
            )
        return reaching[0], choose_chain(self.project, reaching[0], definition, direct=True)

    def default_value(self, definition: Definition, names: list[str]) -> str | None:
        """The attribute when none is named: the time for first, last and nth; the revenue for sums."""
        verb = definition.feature.verb
        if verb in ("first", "last", "nth"):
            return "ts"
        if verb in needs_value - {"distinct", "list", "mode"}:
            file = self.project.file
            revenues = {file.activities[name.partition(": ")[0]].revenue for name in names}
            return revenues.pop() if len(revenues) == 1 else None
        return None

    def condition(self, definition: Definition, scope: Scope) -> str | None:
        """All conditions of a feature as one."""
        parts = [scope.compile(where.sql, *where.path) for where in definition.wheres]
        return " AND ".join(f"({part})" for part in parts) or None

    def order(self, definition: Definition, scope: Scope) -> str:
        """The ORDER BY of `pick`: `a desc, b asc`; NULL is never first."""
        text = definition.feature.order
        if text is None:
            message = f"'{definition.name}' does not say which one to pick"
            raise ProjectError(
                self.fault("feature-incomplete", message, definition, "pick", "add `order: COLUMN desc`")
            )
        parts = []
        for item in text.split(","):
            words = item.strip().rsplit(None, 1)
            named = len(words) == 2 and words[1].lower() in ("asc", "desc")
            column, direction = (words[0], words[1].upper()) if named else (item.strip(), "ASC")
            parts.append(f"{scope.compile(column, *definition.path, 'order')} {direction} NULLS LAST")
        return ", ".join(parts)

    def anchor(self, definition: Definition) -> Anchor | None:
        """The activity that `relative:` refers to."""
        feature = definition.feature
        if feature.relative is None and feature.to is None:
            return None
        if str(feature.subject).partition(".")[0] == session:
            message = f"'{definition.name}': sessions are not counted relative to an activity"
            raise ProjectError(self.fault("feature-modifier", message, definition, "relative", "count activities"))
        if feature.relative is None or feature.to is None or len(feature.to) != 1:
            message = f"'{definition.name}': `relative:` and `to:` go together"
            fix = "write `relative: before, to: {first: ACTIVITY}`"
            raise ProjectError(self.fault("feature-incomplete", message, definition, "relative", fix))
        which, name = next(iter(feature.to.items()))
        return which, tuple(self.activities(definition, name, "to"))

    def following(self, definition: Definition) -> Following | None:
        """What must, or must not, have happened after each activity."""
        feature = definition.feature
        given = feature.followed_by or feature.not_followed_by
        if given is None:
            return None
        key = "followed_by" if feature.followed_by else "not_followed_by"
        unit_seconds = {"min": 60, "h": 3600, "d": 86400, "w": 604800}
        name, within = next(iter(given.items()))
        count, unit = split(within)
        if len(given) != 1 or unit not in unit_seconds or (feature.followed_by and feature.not_followed_by):
            message = f"'{definition.name}': `{key}:` names one activity and a time of minutes, hours, days or weeks"
            raise ProjectError(self.fault("feature-incomplete", message, definition, key, "write `{ACTIVITY: 24h}`"))
        return Following(
            tuple(self.activities(definition, name, key)), count * unit_seconds[unit], key == "followed_by"
        )

    def fault(self, code: str, message: str, definition: Definition, key: str, fix: str | None) -> Fault:
        """A fault that points at a key of the declaration."""
        return self.project.fault(code, message, *definition.path, key, fix=fix)


def is_every(feature: Feature) -> bool:
    """Whether a feature reads any activity: `any`, the gaps of any, or sessions of no activity in particular."""
    if feature.subject == "any" or feature.of == "any":
        return True
    return str(feature.subject).partition(".")[0] == session and feature.of is None


member_verbs = {
    "count", "sum", "min", "max", "avg", "any", "pick", "distinct", "median", "mode", "percentile", "stddev",
}  # fmt: skip
