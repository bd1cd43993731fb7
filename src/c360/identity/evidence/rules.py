"""The places that link identifiers in, the numbered and versioned rules that evidence refers to out."""

import hashlib
import json

from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.mentions import Derivation, Mention
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.identity.inputs.trust import human
from c360.project.blocks.ids import ListRef
from c360.records import dataclass
from c360.warehouse import literal

cleaning_version = 1  # one more whenever c360 cleans or blocks identifiers differently than before


@dataclass(frozen=True)
class Rule:
    """Why identifiers are linked: `users: user_id = email` in some version of its definition.

    Attributes:
        kind: `record` (rows that hold both), `human` (a file of merges), `decision` (the control store), `parting` (a file
            of what is not the same; links none), `derived` (names identifiers; links none) or `match` (records that are alike).
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
    merges = [
        Rule(f"human: {one.source}", one.entity, "human", one.source, version_of(scope, one), human)
        for one in scope.merges
    ]
    partings = [
        Rule(f"apart: {one.source}", one.entity, "parting", one.source, version_of(scope, one), human)
        for one in scope.partings
    ]
    decided = Rule("human: decision", "", "decision", "", "1", human)
    derived = [Rule(one.rule, one.entity, "derived", "", version_of(scope, one)) for one in scope.derivations]
    matched = [
        Rule(f"match: {name}", name, "match", "", hashed([block.model_dump(mode="json"), cleaning_version]))
        for name, block in scope.project.file.match.items()
    ]
    return [*records, *merges, *partings, decided, *derived, *matched]


def version_of(scope: Scope, one: Mention | Derivation) -> str:
    """A short hash of everything that decides what the rule links: columns, conditions, cleaning, blocking."""
    if isinstance(one, Mention):
        kinds = {kind for kind, _ in one.ids}
        said: list[object] = [one.source, one.ids, one.time, one.wheres]
    else:
        kinds = {one.kind, one.from_kind}
        said = [one.entity, one.kind, one.from_entity, one.from_kind]
    declared = {kind: kind_of_id(scope.project, kind) for kind in sorted(kinds)}
    lists = {entry.list for kind in declared.values() for entry in kind.block if isinstance(entry, ListRef)}
    said += [{name: kind.model_dump(mode="json") for name, kind in declared.items()}, scope.lists.idn, cleaning_version]
    said += [sorted(scope.lists.values.get(name, ())) for name in sorted(lists)]
    return hashed(said)


def hashed(said: object) -> str:
    """A short hash of plain values."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:8]


def register_rules(scope: Scope, scratch: Scratch) -> list[int]:
    """Number the rules of this run, in scratch table `rule(mention, rule_id, trust)` too; old rules keep theirs.

    Writes: identity.rule(rule_id, name, entity, kind, source, version)
    """
    rules = rules_of(scope)
    columns = ("name", "entity", "kind", "source", "version")
    known = {row[1:]: int(row[0]) for row in scratch.rows(f"SELECT rule_id, {', '.join(columns)} FROM identity.rule")}
    following = max(known.values(), default=0)
    new, rule_ids = [], []
    for rule in rules:
        key = (rule.name, rule.entity, rule.kind, rule.source, rule.version)
        if key not in known:
            following += 1
            known[key] = following
            new.append((str(following), *(literal(part) for part in key)))
        rule_ids.append(known[key])
    if new:
        scratch.work.execute(f"INSERT INTO identity.rule {values_table(('rule_id', *columns), new)}")
    rows = [
        (str(number), str(rule_id), f"CAST({'NULL' if rule.trust is None else rule.trust} AS INTEGER)")
        for number, (rule_id, rule) in enumerate(zip(rule_ids, rules, strict=True))
    ]
    scratch.make("rule", values_table(("mention", "rule_id", "trust"), rows))
    return rule_ids
