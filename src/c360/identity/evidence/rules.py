"""The places that link identifiers in, the numbered and versioned rules that evidence refers to out."""

import hashlib
import json
from dataclasses import dataclass

from c360.identity.inputs.mentions import Derivation, Mention, kind_of_id
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.inputs.trust import human
from c360.warehouse import literal


@dataclass(frozen=True)
class Rule:
    """Why identifiers are linked: `users: user_id = email` in some version of its definition.

    Attributes:
        kind: `record` (rows that hold both), `human` (a person's decision) or `derived` (names identifiers, links none).
        trust: that of every link of the rule; None takes the lower one of the two identifier kinds.
    """

    name: str
    entity: str
    kind: str
    source: str
    version: str
    trust: int | None = None


def rules_of(scope: Scope) -> list[Rule]:
    """The rules of a run; their place in the list is the mention number in `observed`."""
    records = [Rule(one.rule, one.entity, "record", one.source, version_of(scope, one)) for one in scope.mentions]
    people = [
        Rule(f"human: {one.source}", one.entity, "human", one.source, version_of(scope, one), human)
        for one in scope.merges
    ]
    derived = [Rule(one.rule, one.entity, "derived", "", version_of(scope, one)) for one in scope.derivations]
    return [*records, *people, *derived]


def version_of(scope: Scope, one: Mention | Derivation) -> str:
    """A short hash of everything that decides what the rule links: columns, conditions, cleaning."""
    if isinstance(one, Mention):
        kinds = {kind: kind_of_id(scope.project, kind).model_dump(mode="json") for kind, _ in one.ids}
        said: object = [one.source, one.ids, one.time, one.wheres, kinds]
    else:
        said = [
            one.entity,
            one.kind,
            one.from_entity,
            one.from_kind,
            kind_of_id(scope.project, one.kind).model_dump(mode="json"),
        ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:8]


def register_rules(scope: Scope, scratch: Scratch) -> str:
    """Number the rules of this run and return scratch table `rule(mention, rule_id, trust)`; old rules keep theirs.

    Writes: identity.rule(rule_id, name, entity, kind, source, version)
    """
    rules = rules_of(scope)
    known = {
        row[1:]: row[0]
        for row in scratch.rows("SELECT rule_id, name, entity, kind, source, version FROM identity.rule")
    }
    following = max(known.values(), default=0)
    new = []
    for rule in rules:
        key = (rule.name, rule.entity, rule.kind, rule.source, rule.version)
        if key not in known:
            following += 1
            known[key] = following
            new.append((str(following), *(literal(part) for part in key)))
    if new:
        columns = ("rule_id", "name", "entity", "kind", "source", "version")
        scratch.work.execute(f"INSERT INTO identity.rule {values_table(columns, new)}")
    rows = [
        (
            f"CAST({number} AS INTEGER)",
            f"CAST({known[rule.name, rule.entity, rule.kind, rule.source, rule.version]} AS INTEGER)",
            f"CAST({'NULL' if rule.trust is None else rule.trust} AS INTEGER)",
        )
        for number, rule in enumerate(rules)
    ]
    return scratch.make("rule", values_table(("mention", "rule_id", "trust"), rows))
