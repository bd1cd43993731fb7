"""A lens file in, a checked `Lens` with its lint warnings out; all faults of the file are raised together."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from c360.errors import Fault, Position, ProjectError, suggest
from c360.lenses.model.form import AppendForm, EntityForm, LensForm, WindowForm, window_part
from c360.lenses.model.lens import Append, Entity, Lens, Member, Relationship, Size, Window
from c360.lenses.model.lint import lint
from c360.project.load import faults_of
from c360.project.yaml import Path as YamlPath
from c360.project.yaml import read_yaml

default_dialect = "trino"
leading_word = re.compile(r"^\s*(and|or)\b", re.IGNORECASE)


def load_lens(path: Path, shown: str | None = None, dialect: str | None = None) -> Lens:
    """Read a lens file of the DataOS form.

    Args:
        path: the file.
        shown: how the file is named in messages.
        dialect: the SQL dialect of its snippets, when the file does not say; Trino otherwise.

    Raises:
        ProjectError: every fault of the file, each with its line.
    """
    document = read_yaml(path, shown or str(path))
    if document.faults:
        raise ProjectError(*document.faults)
    positions = {**document.positions, **document.key_positions}
    try:
        form = LensForm.model_validate(document.value or {})
    except ValidationError as error:
        raise ProjectError(*faults_of(error, positions, LensForm)) from None
    return Reader(form, positions, shown or str(path), dialect).read()


class Reader:
    """Turns the form of a file into a lens; faults gather in `faults`."""

    def __init__(
        self, form: LensForm, positions: dict[YamlPath, Position], file: str, dialect: str | None = None
    ) -> None:
        self.form = form
        self.positions = positions
        self.file = file
        self.dialect = form.dialect or dialect or default_dialect
        self.faults: list[Fault] = []
        self.index = {entity.name: number for number, entity in enumerate(form.entities)}

    def read(self) -> Lens:
        """The lens with its warnings."""
        self.check_names()
        self.check_dialect()
        if self.faults:
            raise ProjectError(*self.faults)
        entities = {entity.name: self.read_entity(entity) for entity in self.form.entities}
        relations = tuple(relation for entity in self.form.entities for relation in self.read_relations(entity))
        lens = Lens(
            name=self.form.name, dialect=self.dialect, entities=entities, relationships=relations,
            description=self.form.description, contract=self.form.contract, owner=self.form.owner,
            tags=self.form.tags, file=self.file,
        )  # fmt: skip
        self.check_relations(lens)
        if self.faults:
            raise ProjectError(*self.faults)
        return lint(lens)

    def at(self, *path: str | int) -> Position | None:
        """Where a key of the file stands, or its nearest written parent."""
        keys: YamlPath = path
        while keys and keys not in self.positions:
            keys = keys[:-1]
        return self.positions.get(keys)

    def check_names(self) -> None:
        """There are entities; their names and those of their members are unique."""
        if not self.form.entities:
            self.faults.append(Fault("lens-empty", "the lens has no entities", self.at("entities"), "add one"))
        for number, entity in enumerate(self.form.entities):
            if self.index[entity.name] != number:
                at = self.at("entities", number, "name")
                self.faults.append(Fault("lens-name-twice", f"the entity '{entity.name}' stands twice", at))
            seen: set[str] = set()
            for kind in ("fields", "dimensions", "measures", "segments"):
                for place, member in enumerate(getattr(entity, kind)):
                    if member.name in seen:
                        at = self.at("entities", number, kind, place)
                        what = f"'{entity.name}.{member.name}' stands twice"
                        self.faults.append(Fault("lens-name-twice", what, at, "rename one of the two"))
                    seen.add(member.name)

    def check_dialect(self) -> None:
        """The dialect is one that can be read."""
        from sqlglot.dialects.dialect import Dialect

        if Dialect.get(self.dialect) is None:
            known = [name for name in Dialect.classes if name]
            message = f"unknown SQL dialect '{self.dialect}'"
            self.faults.append(Fault("lens-unknown-dialect", message, self.at("dialect"), suggest(self.dialect, known)))

    def read_entity(self, form: EntityForm) -> Entity:
        """One entity with what it inherits; a member of its own wins over an inherited one."""
        number = self.index[form.name]
        members = {member.name: member for member in self.inherited(form)}
        members.update((member.name, member) for member in self.read_members(form))
        query = form.sql.query if form.sql else self.parent_query(form)
        return Entity(
            name=form.name, query=self.expand(query, form), description=form.description, tags=form.tags,
            columns=form.sql.columns if form.sql else (), tables=form.sql.tables if form.sql else (),
            members=members, at=self.at("entities", number), column_at=self.column_positions(form),
        )  # fmt: skip

    def column_positions(self, form: EntityForm) -> dict[str, Position]:
        """Where each listed column stands."""
        number, columns = self.index[form.name], form.sql.columns if form.sql else ()
        found = {name: self.at("entities", number, "sql", "columns", place) for place, name in enumerate(columns)}
        return {name: at for name, at in found.items() if at is not None}

    def parent(self, form: EntityForm) -> EntityForm | None:
        """The entity that this one extends."""
        if form.extends is None:
            return None
        if form.extends not in self.index or form.extends == form.name:
            at = self.at("entities", self.index[form.name], "extends")
            fix = suggest(form.extends, self.index)
            raise ProjectError(Fault("lens-unknown-entity", f"'{form.name}' extends unknown '{form.extends}'", at, fix))
        return self.form.entities[self.index[form.extends]]

    def parent_query(self, form: EntityForm) -> str:
        """The query of an entity without its own."""
        parent = self.parent(form)
        if parent is None:
            at = self.at("entities", self.index[form.name])
            raise ProjectError(Fault("lens-no-query", f"entity '{form.name}' has no `sql: {{query: ...}}`", at))
        return "SELECT * FROM ${" + parent.name + ".sql()}"

    def expand(self, query: str, form: EntityForm, seen: tuple[str, ...] = ()) -> str:
        """Put the query of another entity for `${entity.sql()}`."""
        seen = (*seen, form.name)

        def put(match: re.Match[str]) -> str:
            name = match.group(1)
            at = self.at("entities", self.index[form.name], "sql", "query")
            if name not in self.index:
                # DataOS pages write ${activitystream.sql()} for the entity activity_stream
                same = [known for known in self.index if known.replace("_", "") == name.replace("_", "")]
                if len(same) != 1:
                    fix = suggest(name, self.index)
                    raise ProjectError(Fault("lens-unknown-entity", f"unknown entity in '{match.group()}'", at, fix))
                name = same[0]
            if name in seen:
                raise ProjectError(Fault("lens-cycle", f"queries read each other: {' -> '.join((*seen, name))}", at))
            other = self.form.entities[self.index[name]]
            inner = self.expand(other.sql.query if other.sql else self.parent_query(other), other, seen)
            return f"({inner.strip().rstrip(';')}) AS {name}"

        return re.sub(r"\$\{\s*(\w+)\.sql\(\)\s*\}", put, query).strip().rstrip(";")

    def inherited(self, form: EntityForm, seen: tuple[str, ...] = ()) -> list[Member]:
        """The members of the entity that this one extends, as its own: references to the parent become its own."""
        parent = self.parent(form)
        if parent is None:
            return []
        if parent.name in seen:
            at = self.at("entities", self.index[form.name], "extends")
            raise ProjectError(Fault("lens-cycle", f"'{form.name}' extends itself over '{parent.name}'", at))
        members = {member.name: member for member in self.inherited(parent, (*seen, form.name))}
        members.update((member.name, member) for member in self.read_members(parent))

        def own(text: str | None) -> str | None:
            return None if text is None else re.sub(r"\$\{\s*" + parent.name + r"\.", "${" + form.name + ".", text)

        return [replace(member, entity=form.name, sql=own(member.sql)) for member in members.values()]

    def read_members(self, form: EntityForm) -> list[Member]:
        """The members that an entity declares itself."""
        number = self.index[form.name]
        members = []
        for place, item in enumerate(form.fields):
            sql, column = item.sql_snippet, item.column or (item.name if item.sql_snippet is None else None)
            members.append(Member(
                form.name, item.name, "field", item.type, sql=None if item.column else sql, column=column,
                description=item.description, hidden=item.hidden, tags=item.tags, primary=item.primary,
                time=item.time, sub_query=item.sub_query, at=self.at("entities", number, "fields", place),
            ))  # fmt: skip
        for place, thing in enumerate(form.dimensions):
            members.append(Member(
                form.name, thing.name, "dimension", thing.type, sql=thing.sql_snippet, description=thing.description,
                hidden=thing.hidden, tags=thing.tags, primary=thing.primary, time=thing.time,
                sub_query=thing.sub_query, append=read_append(thing.append),
                at=self.at("entities", number, "dimensions", place),
            ))  # fmt: skip
        for place, measure in enumerate(form.measures):
            members.append(Member(
                form.name, measure.name, "measure", measure.type, sql=measure.sql_snippet,
                description=measure.description, hidden=measure.hidden, tags=measure.tags,
                window=read_window(measure.rolling_window), at=self.at("entities", number, "measures", place),
            ))  # fmt: skip
        for place, segment in enumerate(form.segments):
            members.append(Member(
                form.name, segment.name, "segment", "bool", sql=segment.sql_snippet, description=segment.description,
                hidden=segment.hidden, tags=segment.tags, at=self.at("entities", number, "segments", place),
            ))  # fmt: skip
        return members

    def read_relations(self, form: EntityForm) -> list[Relationship]:
        """The relationships that an entity declares; a child has those of the entity it extends too."""
        parent = self.parent(form)
        inherited = [replace(item, source=form.name) for item in self.read_relations(parent)] if parent else []
        relations = []
        for place, item in enumerate(form.relationships):
            word, condition = split_condition(item.sql_snippet)
            relations.append(Relationship(
                name=item.name or f"{form.name}.{','.join(item.field)}", source=form.name, source_fields=item.field,
                target=item.target.name, target_fields=item.target.field, type=item.type, condition=condition,
                condition_word=word, verified=item.verified, description=item.description,
                at=self.at("entities", self.index[form.name], "relationships", place),
            ))  # fmt: skip
        return [*inherited, *relations]

    def check_relations(self, lens: Lens) -> None:
        """Both ends of a relationship are members that exist."""
        for relation in lens.relationships:
            if relation.target not in lens.entities:
                fix = suggest(relation.target, lens.entities)
                message = f"'{relation.source}' relates to unknown entity '{relation.target}'"
                self.faults.append(Fault("lens-unknown-entity", message, relation.at, fix))
                continue
            ends = ((relation.source, relation.source_fields), (relation.target, relation.target_fields))
            for name, keys in ends:
                entity = lens.entities[name]
                missing = [key for key in keys if key not in entity.members and key not in entity.columns]
                self.faults += [lens.unknown(entity, key, relation.at) for key in missing]


def split_condition(text: str | None) -> tuple[Literal["and", "or"], str | None]:
    """`and ${a.x} < ${b.y}` -> (and, the condition)."""
    if text is None or not text.strip():
        return "and", None
    match = leading_word.match(text)
    if match is None:
        return "and", text.strip()
    return "or" if match.group(1).lower() == "or" else "and", text[match.end() :].strip()


def read_append(form: AppendForm | None) -> Append | None:
    """A temporal relationship of the file."""
    return Append(form.entity, form.relation, form.take, form.n, form.where) if form else None


def read_window(form: WindowForm | None) -> Window | None:
    """A rolling window of the file."""
    return Window(read_size(form.trailing), read_size(form.leading), form.offset) if form else None


def read_size(text: str | None) -> Size:
    """`1 month` -> (1, month)."""
    if text == "unbounded":
        return "unbounded"
    match = window_part.match(text) if text else None
    return (int(match.group(1)), match.group(2).lower()) if match else None
