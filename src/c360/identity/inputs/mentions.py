"""A project in, every place that names identifiers of an entity out: records, activities, relations."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from c360.identity.inputs.trust import most_of_one, trust_of
from c360.project import Project
from c360.project.blocks.entities import BelongsTo
from c360.records import dataclass

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Mention:
    """Rows of one source that name identifiers of one entity; several in a row are a link.

    Attributes:
        ids: identifier kind -> the user's column (or columns of a composite), the most telling kind first: the first
            one that stands in a row is the hub to which the row ties the others.
        time: the user's expression of the time, None for the source's own.
        wheres: the rows meet one of these conditions; empty means all rows.
        path: where it stands in the project file.
        paths: where each condition stands, when there are several.
    """

    entity: str
    source: str
    ids: tuple[tuple[str, Columns], ...]
    path: tuple[str | int, ...]
    time: str | None = None
    wheres: tuple[str, ...] = ()
    paths: tuple[tuple[str | int, ...], ...] = ()

    @property
    def conditions(self) -> dict[str, tuple[str | int, ...]]:
        """Each condition, and where it stands."""
        return dict(zip(self.wheres, self.paths or (self.path,) * len(self.wheres), strict=True))

    @property
    def rule(self) -> str:
        """The name that evidence and explanations show: `users: user_id = email`."""
        return f"{self.source}: {' = '.join(kind for kind, _ in self.ids)}"


@dataclass(frozen=True)
class Derivation:
    """Identifiers of one entity that follow from identifiers of another: the domain of an e-mail address."""

    entity: str
    kind: str
    from_entity: str
    from_kind: str
    path: tuple[str | int, ...]

    @property
    def rule(self) -> str:
        """The name that evidence shows."""
        return f"{self.kind} of {self.from_entity}.{self.from_kind}"


def find_mentions(project: Project) -> list[Mention]:
    """Every place that names identifiers, without those that another one already covers."""
    return without_covered(together(by_trust(project, one) for one in all_mentions(project)))


def by_trust(project: Project, mention: Mention) -> Mention:
    """The mention with the most telling kinds first: those of which one entity has few, then the most trusted.

    So a cookie, a device or an order is tied to the account or address it was seen with, and not those to it; and
    what several people share is seen to be tied to several.
    """

    def order(item: tuple[str, Columns]) -> tuple[bool, int]:
        return most_of_one(project, item[0], 1) is None, -trust_of(project, item[0])

    return replace(mention, ids=tuple(sorted(mention.ids, key=order)))


def all_mentions(project: Project) -> Iterator[Mention]:
    """Every place as it is written."""
    for name, entity in project.file.entities.items():
        for index, item in enumerate(entity.from_):
            wheres = (item.where,) if item.where else ()
            yield Mention(name, item.source, tuple(item.ids.items()), ("entities", name, "from", index), None, wheres)
        for target, relations in entity.belongs_to.items():
            for relation in relations:
                yield from mentions_of_relation(project, (name, target), relation)
    for name, activity in project.file.activities.items():
        for index, given in enumerate(activity.from_):
            for owner, ids in given.of.items():
                wheres = (given.where,) if given.where else ()
                path = ("activities", name, "from", index)
                yield Mention(owner, given.source, tuple(ids.items()), path, given.time, wheres)


def mentions_of_relation(project: Project, ends: tuple[str, str], relation: BelongsTo) -> Iterator[Mention]:
    """A relation through a source names members (perhaps of another entity) and, by its key, the target."""
    path = ("entities", ends[0], "belongs_to", ends[1])
    if relation.source is None or relation.ids is None or relation.key is None:
        return
    wheres = (relation.where,) if relation.where else ()
    owner = owner_of(project, ends[0], relation.ids)
    if owner is not None:
        yield Mention(owner, relation.source, tuple(relation.ids.items()), path, None, wheres)
    kind = target_kind(project, ends[1], relation)
    yield Mention(ends[1], relation.source, ((kind, (relation.key,)),), path, None, wheres)


def owner_of(project: Project, entity: str, ids: Mapping[str, Columns]) -> str | None:
    """The entity whose identifiers these are: the one itself, else the first that has all the kinds."""
    candidates = [entity, *project.file.entities]
    return next((name for name in candidates if set(ids) <= set(project.file.entities[name].ids)), None)


def target_kind(project: Project, target: str, relation: BelongsTo) -> str:
    """The identifier kind of the target that a relation's key column holds."""
    kinds = project.file.entities[target].ids
    if relation.target_id is not None:
        return relation.target_id
    return relation.key if relation.key in kinds else kinds[0]


def find_derivations(project: Project) -> list[Derivation]:
    """Identifiers that follow from others: `{by: domain, from: email}`; each once, in file order."""
    found: dict[tuple[str, str, str, str], Derivation] = {}
    for name, entity in project.file.entities.items():
        for target, relations in entity.belongs_to.items():
            for relation in relations:
                if relation.source is not None or relation.from_ is None or relation.by is None:
                    continue
                owner, _, kind = relation.from_.rpartition(".")
                key = (target, relation.by, owner or name, kind)
                found.setdefault(key, Derivation(*key, path=("entities", name, "belongs_to", target)))
    return list(found.values())


def find_decided(project: Project, verdict: Literal["same", "not_same"]) -> list[Mention]:
    """The files of human decisions, each as pairs of an old and a new identifier of one kind."""
    return [
        Mention(
            name,
            item.source,
            ((item.id, (item.old,)), (item.id, (item.new,))),
            ("entities", name, verdict, index),
            item.at,
        )
        for name, entity in project.file.entities.items()
        for index, item in enumerate(getattr(entity, verdict))
    ]


def together(mentions: Iterator[Mention]) -> list[Mention]:
    """Mentions of the same columns of one source as one, whose rows meet any of their conditions."""
    found: dict[tuple[object, ...], Mention] = {}
    for mention in mentions:
        key = (mention.entity, mention.source, mention.ids, mention.time)
        before = found.get(key)
        if before is None:
            found[key] = mention
        elif before.wheres and mention.wheres:
            both = mention.conditions | before.conditions
            wheres = tuple(dict.fromkeys(before.wheres + mention.wheres))
            found[key] = replace(before, wheres=wheres, paths=tuple(both[where] for where in wheres))
        else:
            found[key] = replace(before, wheres=(), paths=())
    return list(found.values())


def without_covered(mentions: list[Mention]) -> list[Mention]:
    """Leave out a mention whose columns another one of all rows of the source names too."""
    return [one for one in mentions if not any(covers(other, one) for other in mentions)]


def covers(wide: Mention, narrow: Mention) -> bool:
    """Whether `wide` says all that `narrow` says, and more."""
    return (
        (wide.entity, wide.source, wide.time) == (narrow.entity, narrow.source, narrow.time)
        and set(wide.ids) > set(narrow.ids)
        and not wide.wheres
    )
