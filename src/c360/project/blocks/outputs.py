"""`segments, syncs, access, views, checks`: what is done with the tables, and what must hold of them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from c360.project.blocks.base import Block, Name, Tier, as_list


class LensTable(Block):
    """What stands for a table of a lens file.

    Attributes:
        table: a published table.
        source: a source of the project, read from its files.
        file: a file, relative to the project folder.
        columns: column that the lens reads -> SQL over the columns that are there.
    """

    table: str | None = None
    source: Name | None = None
    file: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def has_one_place(self) -> "LensTable":
        """The rows come from one place."""
        if sum(place is not None for place in (self.table, self.source, self.file)) != 1:
            raise ValueError("write one of `table:`, `source:` and `file:`")
        return self


class LensUse(Block):
    """A lens file with what its table names mean here.

    Attributes:
        file: the lens file, relative to the project folder.
        map: table name of the lens -> published table, or `{table, source, file, columns}`.
        dialect: the SQL dialect of its snippets, when the file does not say (trino).
    """

    file: str
    map: dict[str, str | LensTable] = Field(default_factory=dict)
    dialect: str | None = None


class Segment(Block):
    """A named set of entities.

    Attributes:
        of: the entity.
        where: SQL condition over the columns of its table.
    """

    of: Name
    where: str


class Sync(Block):
    """Sends a segment or a table to a destination.

    Attributes:
        segment, table: what is sent.
        to: the destination.
        object: the kind of object there, such as `companies`.
        match: the column by which objects are found there.
        set: field there -> column here, or a look-up.
        mode: which objects are written.
        on_removed: what becomes of those that left the segment.
        tier: how often it is sent.
    """

    segment: Name | None = None
    table: Name | None = None
    to: str
    object: str | None = None
    match: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    mode: Literal["upsert", "update", "insert", "mirror"] = "upsert"
    on_removed: Literal["ignore", "clear", "remove", "delete"] = "ignore"
    tier: Tier | None = None


class Role(Block):
    """What a role sees, sees masked, or does not see, and what it may do.

    A column is named by itself (`email`) or with its entity (`contact.email`).

    Attributes:
        see: the entities whose rows it sees.
        mask, hide: columns and identifier kinds that it sees as dots, or not at all.
        clear: columns and identifier kinds that it sees although the project marks them `pii:`.
        find: masked identifier kinds by whose exact value it may search; each search is audited.
        rows: SQL condition over an entity's columns; rows that do not meet it are not there for this role.
        sql: may write conditions of its own in lens queries.
        may: what it may do besides looking: decide in the review queue, edit features, start runs, export.
    """

    see: Literal["all"] | tuple[Name, ...]
    mask: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    find: tuple[str, ...] = ()
    rows: str | None = None
    sql: bool = False
    may: tuple[Literal["review", "edit", "run", "export"], ...] = ()


class SignIn(Block):
    """The company's own sign-in (OpenID Connect), beside local users.

    Attributes:
        issuer: its address, below which `.well-known/openid-configuration` is found.
        client_id: the name under which c360 is registered there.
        client_secret: where the secret is: `env:NAME` or `file:PATH`.
        claim: the claim of the identity token that lists a person's groups.
        roles: group -> role; who is in none of them needs a local user of the same e-mail address.
    """

    issuer: str = Field(pattern=r"^https?://")
    client_id: str
    client_secret: str | None = Field(default=None, pattern=r"^(env|file):.+$")
    claim: str = "groups"
    roles: dict[str, Name] = Field(default_factory=dict)


class Access(Block):
    """Who may see what.

    Attributes:
        roles: role -> what it sees and may do.
        sign_in: the company's own sign-in.
    """

    roles: dict[Name, Role] = Field(default_factory=dict)
    sign_in: SignIn | None = None


check_verbs = ("unique", "not_null", "accepted_values", "relationships", "expression", "row_count", "same", "not_same")


class Check(Block):
    """What must hold before a run publishes; exactly one verb.

    Attributes:
        unique, not_null: `table.column`, or a list of them.
        accepted_values: `table.column` with `values:`.
        relationships: `table.column` with `to: table.column`.
        expression: SQL condition that holds for every row of `table:`.
        row_count: a table with `min:` and `max:`.
        same, not_same: two identifiers that must (not) be one entity of `entity:`.
        name: what it is called in reports.
        values: what is accepted.
        to: the column that must hold the value.
        table: whose rows the expression is about.
        min, max: the least and the most rows.
        entity: the entity of the two identifiers.
        where: SQL condition; other rows are not checked.
        severity: `warn` reports, `error` publishes nothing.
    """

    name: str | None = None
    unique: Annotated[tuple[str, ...] | None, BeforeValidator(as_list)] = None
    not_null: Annotated[tuple[str, ...] | None, BeforeValidator(as_list)] = None
    accepted_values: str | None = None
    values: tuple[Any, ...] | None = None
    relationships: str | None = None
    to: str | None = None
    expression: str | None = None
    table: str | None = None
    row_count: str | None = None
    min: int | None = None
    max: int | None = None
    same: tuple[str, str] | None = None
    not_same: tuple[str, str] | None = None
    entity: Name | None = None
    where: str | None = None
    severity: Literal["warn", "error"] = "error"

    @model_validator(mode="after")
    def has_one_verb(self) -> "Check":
        """A check says one thing, with what it needs beside it."""
        used = [verb for verb in check_verbs if getattr(self, verb) is not None]
        if len(used) != 1:
            raise ValueError(f"a check needs exactly one of {', '.join(check_verbs)}")
        needs = {"accepted_values": "values", "relationships": "to", "expression": "table"}.get(used[0])
        if needs and getattr(self, needs) is None:
            raise ValueError(f"`{used[0]}:` needs `{needs}:` beside it")
        if used[0] == "row_count" and self.min is None and self.max is None:
            raise ValueError("`row_count:` needs `min:` or `max:` beside it")
        return self

    @property
    def verb(self) -> str:
        """The one verb."""
        return next(verb for verb in check_verbs if getattr(self, verb) is not None)
