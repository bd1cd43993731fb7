"""A project in, the columns of its entity tables out: identifiers, traits and relations, known before any data."""

from c360.project import Project
from c360.project.blocks.entities import BelongsTo, Entity, Keep

own_columns = ("entity_id", "public_id")
reserved_columns = {*own_columns, "updated_at", "is_deleted", "merged_into", "valid_from", "valid_to"}


def traits_of(entity: Entity) -> list[str]:
    """The traits that an entity's records carry, in file order; identifiers are listed apart."""
    names: dict[str, None] = {}
    for item in entity.from_:
        names.update(dict.fromkeys(item.traits))
    return [name for name in names if name not in entity.ids]


def recorded(project: Project, entity: str) -> list[int]:
    """The inputs whose rows are candidates of survivorship, by number.

    A log that gives no traits only links identifiers: its millions of events are no records of a person, and the
    identifiers that it names are in the identity graph. An entity that has nothing else keeps them.
    """
    inputs = project.file.entities[entity].from_
    found = [
        number for number, item in enumerate(inputs) if item.traits or not project.file.sources[item.source].append_only
    ]
    return found or list(range(len(inputs)))


def keep_of(entity: Entity, trait: str) -> Keep:
    """The survivorship rule of a trait."""
    return entity.keep.get(trait, "latest")


def relation_columns(project: Project, entity: str) -> dict[str, str]:
    """Column -> target for the relations of an entity: `group_id` holds our id of the group."""
    return {f"{target}_id": target for target in project.file.entities[entity].belongs_to}


def key_columns(project: Project, entity: str) -> dict[str, str]:
    """Column -> target for the targets' own keys: `gaggle_id`, or `group_key` where that name is our id's."""
    columns = {}
    for target in project.file.entities[entity].belongs_to:
        key = project.file.entities[target].key
        if key is not None:
            columns[key.name if key.name != f"{target}_id" else f"{target}_key"] = target
    return columns


def columns_of(project: Project, entity: str) -> list[str]:
    """Every column of `entities.<entity>`, in order."""
    block = project.file.entities[entity]
    names = [*own_columns, *block.ids, *traits_of(block)]
    names += [*key_columns(project, entity), *relation_columns(project, entity)]
    return list(dict.fromkeys(names))


def is_many(options: tuple[BelongsTo, ...]) -> bool:
    """Whether an entity may belong to several targets at a time: it declares joined, left, role, primary or shares."""
    return any(option.joined or option.left or option.role or option.primary or shared(option) for option in options)


def shared(option: BelongsTo) -> bool:
    """Whether a relation credits every candidate with its share of the members."""
    return option.choose == "share" and (option.from_ is not None or option.by is not None)


def target_kind(project: Project, target: str, option: BelongsTo) -> str:
    """The identifier kind of the target that a relation's `key` column holds."""
    kinds = project.file.entities[target].ids
    if option.target_id is not None:
        return option.target_id
    return option.key if option.key in kinds else kinds[0]


def owner_of(project: Project, entity: str, option: BelongsTo) -> str:
    """The entity whose identifiers a relation reads: the entity itself, or its members."""
    file = project.file
    if option.from_ is not None:
        return option.from_.rpartition(".")[0] or entity
    own = file.entities[entity].ids
    if option.ids and all(kind in own for kind in option.ids):
        return entity
    members = [name for name, block in file.entities.items() if entity in block.belongs_to]
    kinds = option.ids or {}
    return next((name for name in members if all(kind in file.entities[name].ids for kind in kinds)), entity)
