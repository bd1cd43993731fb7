"""What a lens query means, counted by hand: every home row, every combination of the rows it is related to.

This file shares nothing with the compiler. For each home row all combinations of related rows are listed (a missing
relation is one combination with nothing in it); those that fulfil the filters are kept; the home row counts once for
each distinct tuple of dimension values among them.
"""

from collections import defaultdict
from fractions import Fraction

from tests.property.lens_cases import Ask, Schema, ones


class RefusedError(Exception):
    def __init__(self, code):
        self.code = code


def steps(schema: Schema, name):
    """(relation, forward, claimed to-one, next entity) of every edge that leaves an entity."""
    for relation in schema.relations:
        if relation.source == name:
            yield relation, True, relation.type in ("1:1", "N:1"), relation.target
        if relation.target == name:
            yield relation, False, relation.type in ("1:1", "1:N"), relation.source


def all_paths(schema, start, target, seen=()):
    if start == target:
        yield ()
        return
    for relation, forward, to_one, after in steps(schema, start):
        if after not in (*seen, start):
            for rest in all_paths(schema, after, target, (*seen, start)):
                yield ((relation, forward, to_one), *rest)


def find_path(schema, start, target):
    paths = list(all_paths(schema, start, target))
    for only_to_one in (True, False):
        fitting = [path for path in paths if not only_to_one or all(step[2] for step in path)]
        if fitting:
            shortest = min(len(path) for path in fitting)
            best = [path for path in fitting if len(path) == shortest]
            if len(best) > 1:
                raise RefusedError("lens-ambiguous-path")
            return best[0]
    raise RefusedError("lens-no-path")


def is_true(schema, step):
    """Whether a step that claims one row at its end has at most one in this data."""
    relation, forward, to_one = step
    if not to_one:
        return False
    name, key = (relation.target, relation.target_field) if forward else (relation.source, relation.source_field)
    keys = [row[key] for row in schema.entities[name].rows if row[key] is not None]
    if len(keys) == len(set(keys)):
        return True
    if relation.condition is None:
        return False
    here = relation.source if forward else relation.target
    return all(len(partners(schema, (relation, forward), row)) <= 1 for row in schema.entities[here].rows)


def partners(schema, step, row):
    relation, forward = step[0], step[1]
    mine, theirs, other = (
        (relation.source_field, relation.target_field, relation.target)
        if forward
        else (relation.target_field, relation.source_field, relation.source)
    )
    found = []
    for candidate in schema.entities[other].rows:
        if row[mine] is None or candidate[theirs] is None or row[mine] != candidate[theirs]:
            continue
        if relation.condition:
            left, right = (row, candidate) if forward else (candidate, row)
            less, more = left[relation.condition[0]], right[relation.condition[1]]
            if less is None or more is None or not less < more:
                continue
        found.append(candidate)
    return found


def value(schema, entity, name, row, depth=0):
    """A field or dimension of a row; the row may be nothing."""
    if name in schema.entities[entity].fields:
        return None if row is None else row[name]
    return formula(schema, entity, schema.entities[entity].members[name].body, row, depth)


def formula(schema, entity, body, row, depth=0):
    word = body[0]
    if word == "field":
        _, other, name = body
        if other == entity:
            return value(schema, entity, name, row, depth)
        path = find_path(schema, entity, other)
        for step in path:
            if not is_true(schema, step):
                raise RefusedError("lens-fan-out")
            found = partners(schema, step, row) if row is not None else []
            row = found[0] if found else None
        return value(schema, other, name, row, depth)
    if word == "coalesce":
        found = formula(schema, entity, body[1], row, depth)
        return body[2] if found is None else found
    if word == "concat":
        parts = [formula(schema, entity, part, row, depth) for part in body[1:]]
        return None if None in parts else "-".join(parts)
    if word == "sub":
        _, other, measure, _ = body
        path = find_path(schema, entity, other)
        rows = [row] if row is not None else []
        for step in path:
            rows = distinct([after for here in rows for after in partners(schema, step, here)])
        return aggregate(schema, other, measure, rows)
    raise AssertionError(body)


def distinct(rows):
    return list({id(row): row for row in rows}.values())


def aggregate(schema, entity, name, rows, weights=None):
    member = schema.entities[entity].members[name]
    weights = weights or [1] * len(rows)
    if member.body[0] == "star":
        return sum(weights) if rows or weights == [] else 0
    if member.body[0] == "sum_minus_count":
        kept = [row[member.body[2]] for row in rows if row[member.body[2]] is not None]
        return sum(kept) - len(rows) if kept else None
    pairs = [(formula(schema, entity, member.body, row), weight) for row, weight in zip(rows, weights, strict=True)]
    pairs = [(found, weight) for found, weight in pairs if found is not None]
    values = [found for found, _ in pairs]
    if member.type == "count":
        return sum(weight for _, weight in pairs)
    if member.type == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if member.type == "sum":
        return sum(found * weight for found, weight in pairs)
    if member.type == "avg":
        return Fraction(sum(values), len(values))
    return min(values) if member.type == "min" else max(values)


def entities_in(condition):
    word = condition[0]
    if word in ("or", "and"):
        return entities_in(condition[1]) | entities_in(condition[2])
    return {condition[1], condition[3]} if word == "lt" else {condition[1]}


def holds(schema, condition, seen):
    """Three-valued: True, False or None; `seen` gives the row of an entity in this combination."""
    word = condition[0]
    if word in ("or", "and"):
        both = [holds(schema, part, seen) for part in condition[1:]]
        sure = word == "or"
        if sure in both:
            return sure
        return None if None in both else not sure
    found = value(schema, condition[1], condition[2], seen(condition[1]))
    if word == "set":
        return found is not None
    if word == "notSet":
        return found is None
    other = value(schema, condition[3], condition[4], seen(condition[3])) if word == "lt" else condition[3]
    if found is None or other is None:
        return None
    return (
        {"=": found == other, "<>": found != other, "<": found < other, "lt": found < other, ">=": found >= other}[word]
        if type(found) is type(other)
        else None
    )


def combinations(schema, home, row, targets):
    """Every combination of rows along the paths from a home row to some entities."""
    paths = {target: find_path(schema, home, target) for target in sorted(targets)}
    prefixes = []
    for path in paths.values():
        for length in range(1, len(path) + 1):
            key = tuple((id(step[0]), step[1]) for step in path[:length])
            if key not in [known for known, _ in prefixes]:
                prefixes.append((key, path[length - 1]))
    prefixes.sort(key=lambda item: len(item[0]))
    found = [{(): row}]
    for key, step in prefixes:
        longer = []
        for one in found:
            parent = one[key[:-1]]
            matches = partners(schema, step, parent) if parent is not None else []
            longer += [{**one, key: match} for match in (matches or [None])]
        found = longer
    keys = {target: tuple((id(step[0]), step[1]) for step in path) for target, path in paths.items()}
    return found, keys


def group(schema: Schema, ask: Ask, home, conditions):
    """tuple of dimension values -> home rows that count for it; and how many tuples each row has."""
    targets = {entity for entity, _ in ask.dimensions} | {name for one in conditions for name in entities_in(one)}
    result, shares = defaultdict(list), {}
    for row in schema.entities[home].rows:
        rows, keys = combinations(schema, home, row, targets)
        tuples = set()
        for one in rows:
            seen = lambda name, one=one, keys=keys: one[keys[name]]  # noqa: E731
            if all(holds(schema, condition, seen) is True for condition in conditions):
                tuples.add(tuple(value(schema, entity, name, seen(entity)) for entity, name in ask.dimensions))
        shares[id(row)] = len(tuples)
        for values in tuples:
            result[values].append(row)
    return result, shares


def refusals(schema: Schema, ask: Ask):
    """Every reason for which the query must be refused; rows do not matter, only paths and claims."""
    found = set()

    def attempt(check, *args):
        try:
            check(schema, *args)
        except RefusedError as error:
            found.add(error.code)

    homes = [entity for entity, _, _ in ask.measures] or [home_of(schema, ask)]
    members = {(entity, name) for entity, name in ask.dimensions}
    for home, own in zip(homes, [own for *_, own in ask.measures] or [()], strict=True):
        conditions = [*ask.conditions, *own]
        targets = {entity for entity, _ in members} | {name for one in conditions for name in entities_in(one)}
        for target in targets:
            attempt(find_path, home, target)
        for condition in conditions:
            for entity, name in leaves(condition):
                attempt(check_member, entity, name)
    for entity, name in members | {(entity, name) for entity, name, _ in ask.measures}:
        attempt(check_member, entity, name)
    return found


def leaves(condition):
    word = condition[0]
    if word in ("or", "and"):
        return leaves(condition[1]) + leaves(condition[2])
    own = [(condition[1], condition[2])]
    return [*own, (condition[3], condition[4])] if word == "lt" else own


def check_member(schema, entity, name):
    """Refuse what a member's formula may not read."""
    member = schema.entities[entity].members.get(name)
    if member is None:
        return
    check_body(schema, entity, member.body)


def check_body(schema, entity, body):
    word = body[0]
    if word == "field":
        if body[1] != entity:
            for step in find_path(schema, entity, body[1]):
                if not is_true(schema, step):
                    raise RefusedError("lens-fan-out")
        check_member(schema, body[1], body[2])
    elif word == "sub":
        path = find_path(schema, entity, body[1])
        if not path:
            raise RefusedError("lens-measure-as-value")
        check_member(schema, body[1], body[2])
    elif word in ("coalesce", "concat"):
        for part in body[1:]:
            if isinstance(part, tuple):
                check_body(schema, entity, part)


def home_of(schema, ask):
    """Whose rows a query without measures lists."""
    names = [entity for entity, _ in ask.dimensions]

    def reaches(start, target):
        try:
            return all(step[2] for step in find_path(schema, start, target))
        except RefusedError:
            return False

    return next((name for name in names if all(reaches(name, other) for other in names)), names[0])


def answer(schema: Schema, ask: Ask):
    """The rows of the answer: dimension values -> measures."""
    if not ask.measures:
        rows, _ = group(schema, ask, home_of(schema, ask), ask.conditions)
        return dict.fromkeys(rows, ())
    parts = [group(schema, ask, home, [*ask.conditions, *own]) for home, _, own in ask.measures]
    tuples = {values for rows, _ in parts for values in rows} if ask.dimensions else {()}
    result = {}
    for values in tuples:
        measures = []
        for (home, name, _), (rows, shares) in zip(ask.measures, parts, strict=True):
            mine = rows.get(values, [])
            weights = [Fraction(1, shares[id(row)]) for row in mine] if ask.split else None
            measures.append(aggregate(schema, home, name, mine, weights))
        if ask.having is not None:
            compared = measures[ask.having[0]]
            if compared is None or not compared > ask.having[1]:
                continue
        result[values] = tuple(measures)
    return result


__all__ = ["RefusedError", "answer", "ones", "refusals"]
