"""`entities:` kinds of things with profiles: their records, identifiers, human merges, survivorship and relations."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from c360.project.blocks.base import Block, Name, OneOrMany, as_list

EntityKind = Literal["person", "group", "account", "thing"]
Keep = Literal["latest", "first", "max", "min", "longest", "most_common"]

kind_by_name: dict[str, EntityKind] = {
    "contact": "person", "person": "person", "user": "person", "customer": "person", "people": "person",
    "group": "group", "account": "account",
}  # fmt: skip


class EntityInput(Block):
    """Records of one source that describe this entity.

    Attributes:
        ids: identifier kind -> the column, or columns of a composite, that hold it (an SQL expression is allowed).
        traits: trait -> column or SQL expression.
        priority: of two inputs the lower number wins under `keep: source`; default is the order in the file.
        source: the source that is read.
        where: SQL condition; other rows do not describe this entity.
    """

    source: Name
    ids: dict[Name, OneOrMany]
    traits: dict[Name, str] = Field(default_factory=dict)
    where: str | None = None


class EntityKey(Block):
    """The short form of an entity that one source lists: the column is its only identifier, named `as`.

    Attributes:
        source: the source that lists the entity.
        column: its column that names one.
        as: the name of the identifier kind and of the published column; default: that of the column.
    """

    source: Name
    column: str
    name: Name = Field(alias="as")


class HumanMerges(Block):
    """A source of human decisions: the identifiers in `old` and `new` are one entity, and new's values win.

    Attributes:
        source: the source with the decisions.
        id: the kind of both identifiers.
        old, new: the columns that hold them.
        at, by, note: the columns that say when, by whom and why it was decided.
    """

    source: Name
    id: Name
    old: str
    new: str
    at: str | None = None
    by: str | None = None
    note: str | None = None


class Suggest(Block):
    """Which pairs go to the review queue without a trained model.

    Attributes:
        compare: the traits and relations that are compared.
        above: the share of such pairs that people are expected to accept, from which on a pair is shown, 0-1 (0.9 at most).
        auto_merge: `never`: people decide.
    """

    compare: tuple[str, ...]
    above: float = Field(default=0.9, ge=0, le=1)
    auto_merge: Literal["never"] = "never"


class Hold(Block):
    """What holds an entity back at its last published state until a person releases or cuts it.

    Attributes:
        people: more entities than this become one in one run.
        identifiers: it has more identifiers than this, and grew.
    """

    people: int = Field(default=10, ge=2)
    identifiers: int = Field(default=1000, ge=2)


class BelongsTo(Block):
    """How an entity relates to another one: through rows of a source, or through an identifier of its own.

    Attributes:
        by: identifier kind of the target (`domain`), or `crm` with a source.
        from_: the identifier the target's is derived from: `email`, or `contact.email` of the members.
        source, ids, key: rows that hold both this entity's ids and the target's key column.
        target_id: the target's identifier kind that `key` holds; default: its kind of that name, else its first.
        keep: which of several targets is the primary one.
        choose: for targets derived from members: the one of most users, of the first user, or shared by user.
        joined, left, role: columns of a many-to-many membership.
        via: another entity this one belongs to, whose target it takes: the account of a contact's group.
        primary: which membership is the primary one; default: what `keep` says.
        where: SQL condition; other rows of the source are no membership.
    """

    by: str | None = None
    from_: str | None = Field(default=None, alias="from")
    source: Name | None = None
    ids: dict[Name, OneOrMany] | None = None
    key: str | None = None
    target_id: Name | None = None
    keep: Literal["latest", "first"] = "latest"
    choose: Literal["most_users", "first", "share"] = "most_users"
    joined: str | None = None
    left: str | None = None
    role: str | None = None
    primary: Literal["latest", "first"] | None = None
    where: str | None = None
    via: Name | None = None

    @model_validator(mode="after")
    def has_one_form(self) -> "BelongsTo":
        """Either `source, ids, key`, or `by, from`, or `via`."""
        through_source = self.source is not None
        if self.via is not None:
            if through_source or self.by is not None or self.from_ is not None:
                raise ValueError("a relation `via` another entity takes nothing else")
            return self
        if through_source and (self.ids is None or self.key is None):
            raise ValueError("a relation through a source needs `source`, `ids` and `key`")
        if not through_source and (self.by is None or self.from_ is None):
            raise ValueError("write `{source, ids, key}`, `{by: ID_KIND, from: IDENTIFIER}` or `{via: ENTITY}`")
        return self


class Entity(Block):
    """One kind of thing with profiles; published as a table of its name, and as a view of its label.

    Attributes:
        describe: identifier or trait -> what the published column means.
        label: a second name of its table, when the first is a reserved word.
        kind: person, group, account or thing; by the entity's name when not given.
        ids: its kinds of identifiers, in the order of its columns.
        key: the short form for an entity that one source lists.
        from: the sources that describe it.
        traits: trait -> column or SQL expression of the source of `key`.
        same, not_same: human decisions that two identifiers are, or are not, one.
        hold: what holds an entity back at its last published state until a person looks at it.
        suggest: which pairs a person should look at.
        keep: trait -> which value survives when records differ; default: the latest.
        clean: trait -> the type it is cleaned as: name, date, country, language, money, currency, email, phone, domain.
        belongs_to: entity -> how it is found which of them this one belongs to.
    """

    label: Name | None = None
    kind: EntityKind | None = None
    ids: Annotated[tuple[Name, ...], BeforeValidator(as_list)] = ()
    key: EntityKey | None = None
    from_: Annotated[tuple[EntityInput, ...], BeforeValidator(as_list)] = Field(default=(), alias="from")
    traits: dict[Name, str] = Field(default_factory=dict)
    same: Annotated[tuple[HumanMerges, ...], BeforeValidator(as_list)] = ()
    not_same: Annotated[tuple[HumanMerges, ...], BeforeValidator(as_list)] = ()
    suggest: Suggest | None = None
    hold: Hold = Hold()
    keep: dict[Name, Keep] = Field(default_factory=dict)
    clean: dict[Name, str | dict[str, Any]] = Field(default_factory=dict)
    describe: dict[Name, str] = Field(default_factory=dict)
    belongs_to: dict[Name, Annotated[tuple[BelongsTo, ...], BeforeValidator(as_list)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def unfold_key(cls, value: Any) -> Any:
        """`key: {source, column, as}` with `traits:` becomes one input and one identifier kind."""
        if not isinstance(value, dict) or not isinstance(value.get("key"), dict):
            return value
        key = value["key"]
        name, column, source = key.get("as", key.get("column")), key.get("column"), key.get("source")
        if not (isinstance(name, str) and isinstance(column, str) and isinstance(source, str)):
            return value
        first = {"source": source, "ids": {name: column}, "traits": value.get("traits", {})}
        others = as_list(value.get("from")) or []
        return {
            **value,
            "key": {**key, "as": name},
            "ids": [name, *(item for item in as_list(value.get("ids")) or [] if item != name)],
            "from": [first, *others],
        }


Entities = dict[Name, Entity]


def kind_of(name: str, entity: Entity) -> EntityKind:
    """The declared kind, else the one its name says, else thing."""
    return entity.kind or kind_by_name.get(name, "thing")
