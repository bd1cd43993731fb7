"""Random schemas, data and queries for the lens: small enough to count by hand, odd enough to break a join."""

import random
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
letters = ("x", "y", "z")


@dataclass
class Relation:
    source: str
    source_field: str
    target: str
    target_field: str
    type: str
    condition: tuple[str, str] | None = None  # (source field, target field): source < target


@dataclass
class Member:
    name: str
    kind: str  # dimension | measure
    type: str
    body: tuple  # the formula, see `sql_of`


@dataclass
class Entity:
    name: str
    fields: dict[str, str]  # name -> string | number
    rows: list[Row] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)


@dataclass
class Schema:
    entities: dict[str, Entity]
    relations: list[Relation]


def make_schema(rng: random.Random) -> Schema:
    names = [f"e{n}" for n in range(rng.randint(3, 6))]
    entities = {name: Entity(name, {"id": "number", "a": "string", "b": "string", "v": "number"}) for name in names}
    relations: list[Relation] = []
    for place, name in enumerate(names[1:], start=1):
        relate(rng, entities, relations, rng.choice(names[:place]), name)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        source, target = rng.sample(names, 2)
        relate(rng, entities, relations, source, target)
    schema = Schema(entities, relations)
    fill(rng, schema)
    for entity in entities.values():
        add_members(rng, schema, entity)
    return schema


def relate(rng, entities, relations, source, target):
    kind = rng.choice(("1:N", "N:1", "N:1", "1:1"))
    number = len(relations)
    holder, other = (target, source) if kind == "1:N" else (source, target)
    foreign = f"k{number}"
    entities[holder].fields[foreign] = "number"
    if kind == "1:N":
        relation = Relation(source, "id", target, foreign, kind)
    elif rng.random() < 0.8 or kind == "N:1":
        relation = Relation(source, foreign, target, "id", kind)
    else:
        entities[other].fields[f"j{number}"] = "number"
        relation = Relation(source, foreign, target, f"j{number}", kind)
    if rng.random() < 0.12:
        relation.condition = ("v", "v")
    relations.append(relation)


def fill(rng, schema):
    for entity in schema.entities.values():
        size = rng.choice((0, 1, 2, 3, 4, 5, 6, 8))
        for number in range(size):
            row = {}
            for name, kind in entity.fields.items():
                if name == "id":
                    row[name] = number
                elif kind == "string":
                    row[name] = rng.choice((*letters, None))
                elif name == "v":
                    row[name] = rng.choice((0, 1, 2, 3, 5, None))
                else:
                    row[name] = rng.choice((0, 1, 2, 3, 4, 9, None))  # 9 is an orphan
            entity.rows.append(row)
    for relation in schema.relations:
        for name, key in ones(relation):
            if rng.random() < 0.85:
                make_unique(rng, schema.entities[name], key)
            elif schema.entities[name].rows:
                for row in rng.choices(schema.entities[name].rows, k=2):
                    row[key] = rng.choice((0, 1))


def ones(relation):
    """The ends that claim to be unique."""
    found = []
    if relation.type in ("1:1", "1:N"):
        found.append((relation.source, relation.source_field))
    if relation.type in ("1:1", "N:1"):
        found.append((relation.target, relation.target_field))
    return found


def make_unique(rng, entity, key):
    seen = set()
    for row in entity.rows:
        if row[key] in seen:
            row[key] = None if rng.random() < 0.5 else max([10, *(n for n in seen if n is not None)]) + 1
        if row[key] is not None:
            seen.add(row[key])


def add_members(rng, schema, entity):
    own = entity.name
    others = [name for name in schema.entities if name != own]
    made = [
        Member("n", "measure", "count", ("field", own, "id")),
        Member("rows", "measure", "count", ("star",)),
        Member("total", "measure", "sum", ("field", own, "v")),
        Member("kinds", "measure", "count_distinct", ("field", own, "a")),
        Member("low", "measure", "min", ("field", own, "v")),
        Member("high", "measure", "max", ("field", own, "v")),
        Member("mean", "measure", "avg", ("field", own, "v")),
        Member("mix", "measure", "number", ("sum_minus_count", own, "v")),
        Member("filled", "dimension", "string", ("coalesce", ("field", own, "a"), "none")),
        Member("both", "dimension", "string", ("concat", ("field", own, "a"), ("field", own, "b"))),
    ]
    for place, other in enumerate(rng.sample(others, k=min(2, len(others)))):
        made.append(Member(f"far{place}", "dimension", "string", ("field", other, "b")))
        made.append(Member(f"fars{place}", "measure", "sum", ("field", other, "v")))
        name, kind = rng.choice((("n", "count"), ("total", "sum"), ("high", "max"), ("kinds", "count_distinct")))
        made.append(Member(f"sub{place}", "dimension", "number", ("sub", other, name, kind)))
        made.append(Member(f"subs{place}", "measure", "sum", ("field", own, f"sub{place}")))
    entity.members = {member.name: member for member in made}


def sql_of(body: tuple) -> str:
    word = body[0]
    if word == "field":
        return "${" + f"{body[1]}.{body[2]}" + "}"
    if word == "star":
        return "*"
    if word == "sum_minus_count":
        return f"sum({sql_of(('field', *body[1:]))}) - count(*)"
    if word == "coalesce":
        return f"coalesce({sql_of(body[1])}, '{body[2]}')"
    if word == "concat":
        return f"concat({sql_of(body[1])}, '-', {sql_of(body[2])})"
    return "${" + f"{body[1]}.{body[2]}" + "}"  # sub


def lens_of(schema: Schema) -> dict[str, Any]:
    """The lens file of a schema, as YAML would give it."""
    entities = []
    for entity in schema.entities.values():
        item: dict[str, Any] = {
            "name": entity.name,
            "sql": {"query": f"SELECT * FROM {entity.name}", "columns": [{"name": name} for name in entity.fields]},
            "fields": [
                {"name": name, "type": kind, "column": name, "primary": name == "id"}
                for name, kind in entity.fields.items()
            ],
            "dimensions": [],
            "measures": [],
            "relationships": [],
        }
        for member in entity.members.values():
            shape = {"name": member.name, "type": member.type, "sql_snippet": sql_of(member.body)}
            if member.kind == "dimension":
                item["dimensions"].append({**shape, "sub_query": member.body[0] == "sub"})
            else:
                item["measures"].append(shape)
        for relation in schema.relations:
            if relation.source == entity.name:
                shape = {
                    "type": relation.type,
                    "field": relation.source_field,
                    "target": {"name": relation.target, "field": relation.target_field},
                }
                if relation.condition:
                    left, right = relation.condition
                    shape["sql_snippet"] = (
                        "and ${" + f"{relation.source}.{left}" + "} < ${" + f"{relation.target}.{right}" + "}"
                    )
                item["relationships"].append(shape)
        entities.append(item)
    return {"name": "random", "entities": entities}


def values_sql(entity: Entity) -> str:
    """The rows of an entity as a SELECT."""

    def literal(value: Any, kind: str) -> str:
        sql = "VARCHAR" if kind == "string" else "BIGINT"
        return f"CAST({'NULL' if value is None else repr(value)} AS {sql})"

    rows = ["(" + ", ".join(literal(row[n], k) for n, k in entity.fields.items()) + ")" for row in entity.rows]
    names = ", ".join(entity.fields)
    if not rows:
        nulls = ", ".join(f"{literal(None, kind)} AS {name}" for name, kind in entity.fields.items())
        return f"SELECT {nulls} WHERE 1 = 0"
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t({names})"


# A condition is ("=", entity, member, value), ("<>", ...), ("set", entity, member), ("notSet", ...), ("<", e, m, v),
# ("or", c, c), ("and", c, c), ("lt", e, m, e, m): one member less than another.
def make_condition(rng, schema, depth=0):
    if depth == 0 and rng.random() < 0.25:
        return (rng.choice(("or", "or", "and")), make_condition(rng, schema, 1), make_condition(rng, schema, 1))
    name = rng.choice(list(schema.entities))
    draw = rng.random()
    if draw < 0.12:
        return ("set", name, rng.choice(("a", "v")))
    if draw < 0.24:
        return ("notSet", name, rng.choice(("a", "v", "filled")))
    if draw < 0.34:
        return ("lt", name, "v", rng.choice(list(schema.entities)), "v")
    if draw < 0.6:
        return (rng.choice(("<", ">=")), name, rng.choice(("v", "v", "sub0")), rng.choice((1, 2, 3)))
    word = rng.choice(("=", "=", "<>"))
    return (word, name, rng.choice(("a", "b", "filled", "both", "far0")), rng.choice((*letters, "none", "x-y")))


def condition_sql(condition) -> str:
    word = condition[0]
    if word in ("or", "and"):
        return f"({condition_sql(condition[1])}) {word} ({condition_sql(condition[2])})"
    left = "${" + f"{condition[1]}.{condition[2]}" + "}"
    if word == "set":
        return f"{left} is not null"
    if word == "notSet":
        return f"{left} is null"
    if word == "lt":
        return left + " < ${" + f"{condition[3]}.{condition[4]}" + "}"
    value = condition[3]
    return f"{left} {word} " + (f"'{value}'" if isinstance(value, str) else str(value))


def condition_form(rng, condition):
    """The condition in one of the ways it can be asked."""
    word = condition[0]
    if word in ("or", "and") and rng.random() < 0.5:
        return {word: [condition_form(rng, condition[1]), condition_form(rng, condition[2])]}
    operators = {"=": "equals", "<": "lt", ">=": "gte", "set": "set", "notSet": "notSet"}
    if word in operators and rng.random() < 0.5:
        values = [condition[3]] if len(condition) > 3 else []
        return {"member": f"{condition[1]}.{condition[2]}", "operator": operators[word], "values": values}
    return condition_sql(condition)


@dataclass
class Ask:
    """A query: dimensions and measures as (entity, member); a measure may have conditions of its own."""

    dimensions: list[tuple[str, str]]
    measures: list[tuple[str, str, tuple]]
    conditions: list[tuple]
    having: tuple[int, int] | None  # (place of a measure, greater than)
    split: bool


def make_ask(rng: random.Random, schema: Schema) -> Ask:
    names = list(schema.entities)
    dimensions: list[tuple[str, str]] = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        found = (rng.choice(names), rng.choice(("a", "a", "b", "filled", "both", "far0", "sub0")))
        if found not in dimensions:
            dimensions.append(found)
    choices = ("n", "rows", "total", "total", "kinds", "low", "high", "mean", "mix", "fars0", "subs0")
    measures = []
    for _ in range(rng.choice((1, 1, 2, 3)) if dimensions and rng.random() < 0.93 else rng.choice((1, 2))):
        own = (make_condition(rng, schema, 1),) if rng.random() < 0.2 else ()
        measures.append((rng.choice(names), rng.choice(choices), own))
    if dimensions and rng.random() < 0.06:
        measures = []
    conditions = [make_condition(rng, schema) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    having = (rng.randrange(len(measures)), rng.choice((0, 1, 2))) if measures and rng.random() < 0.12 else None
    split = rng.random() < 0.08 and all(name in ("n", "rows", "total") for _, name, _ in measures) and bool(measures)
    return Ask(dimensions, measures, conditions, having, split)


def request_of(rng: random.Random, ask: Ask) -> dict[str, Any]:
    measures = []
    for place, (entity, name, own) in enumerate(ask.measures):
        item: dict[str, Any] = {"measure": f"{entity}.{name}", "as": f"m{place}"}
        if own:
            item["filters"] = [condition_form(rng, one) for one in own]
        if ask.split:
            item["weight"] = "split"
        measures.append(item)
    request: dict[str, Any] = {
        "dimensions": [f"{entity}.{name}" for entity, name in ask.dimensions],
        "measures": measures,
        "filters": [condition_form(rng, one) for one in ask.conditions],
    }
    if ask.having:
        request["having"] = f"m{ask.having[0]} > {ask.having[1]}"
    return request
