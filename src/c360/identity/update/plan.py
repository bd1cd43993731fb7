"""The last run's inputs and this run's in, what must be read again out: nothing, new rows, or all of a source."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from c360.identity.evidence.rules import Rule, rules_of
from c360.identity.inputs.landed import Read, added_since, read_to
from c360.identity.inputs.mentions import Derivation
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch, values_table
from c360.records import dataclass
from c360.warehouse import literal

settings_rule = 0  # the number under which identity.input keeps what holds for all rules


@dataclass
class Plan:
    """What a run reads.

    Attributes:
        inputs: rule -> how far it reads; to be remembered when the run is done.
        is_full: everything is computed anew.
        rows: mention -> condition of the rows to read, None for all of them; mentions that did not change are left out.
        replaced: rules whose namings and evidence are void because all their rows are read again.
        kept: rules that name identifiers and whose namings stay; empty in a full run.
        people_changed: what people said is read again.
    """

    inputs: Mapping[int, Read]
    is_full: bool = True
    rows: dict[int, str | None] = field(default_factory=dict)
    replaced: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    people_changed: bool = True
    anew: set[int] = field(default_factory=set)

    @property
    def kept_list(self) -> str:
        """The kept rules for an IN list."""
        return ", ".join(str(rule_id) for rule_id in sorted(self.kept))

    def derives_anew(self, scope: Scope, derivation: Derivation) -> bool:
        """Whether identifiers of the source kind may be gone, so that all of what follows from it is void."""
        return scope.derivations.index(derivation) in self.anew


def make_plan(scope: Scope, scratch: Scratch, rule_ids: Sequence[int], settings: str, mode: str) -> Plan:
    """Compare with what the last run read.

    Args:
        scope: the run.
        scratch: its tables.
        rule_ids: the number of each rule, in the order of `rules_of`.
        settings: what else decides the result; when it changes, everything is computed anew.
        mode: `full`, `incremental` (where that is possible), or `auto`.
    """
    rules = rules_of(scope)
    inputs = {settings_rule: Read(settings)}
    inputs |= {rule_id: reading_of(scope, scratch, rule) for rule_id, rule in zip(rule_ids, rules, strict=True)}
    before = {row[0]: Read(*row[1:]) for row in scratch.rows("SELECT rule_id, fingerprint, place FROM identity.input")}
    everything = Plan(inputs, rows=dict.fromkeys(range(len(scope.mentions))))
    if mode == "full" or set(before) != set(inputs) or before[settings_rule] != inputs[settings_rule]:
        return everything
    plan = Plan(inputs, is_full=False, people_changed=False)
    for number, (rule_id, rule) in enumerate(zip(rule_ids, rules, strict=True)):
        if before[rule_id].fingerprint == inputs[rule_id].fingerprint:
            continue
        if rule.kind == "record":
            landed = scope.landed[rule.source]
            plan.rows[number] = added_since(scratch.work, scope.project, rule.source, landed, before[rule_id])
            plan.replaced |= {rule_id} if plan.rows[number] is None else set()
        else:
            plan.people_changed = True
    note_consequences(scope, plan, list(zip(rule_ids, rules, strict=True)))
    return everything if mode == "auto" and is_much(scratch, plan) else plan


def note_consequences(scope: Scope, plan: Plan, rules: Sequence[tuple[int, Rule]]) -> None:
    """What else must be read again because of it.

    What people said is small and hangs on which identifiers are known, so it is read again whenever anything is. When
    identifiers may be gone, what was derived from them is void.
    """
    gone = {
        (mention.entity, kind)
        for mention, (rule_id, _) in zip(scope.mentions, rules, strict=False)
        if rule_id in plan.replaced
        for kind, _ in mention.ids
    }
    said_anew = plan.people_changed or bool(plan.replaced)
    plan.people_changed = plan.people_changed or (scope.has_people and bool(plan.rows))
    said = {(one.entity, one.ids[0][0]) for one in (*scope.merges, *scope.partings)}
    said |= {(one.entity, kind) for one in scope.decisions for kind in (one.id_kind_a, one.id_kind_b)}
    gone |= said if said_anew else set()
    for index, derivation in enumerate(scope.derivations):
        if (derivation.from_entity, derivation.from_kind) in gone:
            plan.anew.add(index)
            plan.replaced.add(rules[scope.first_derivation + index][0])
            gone.add((derivation.entity, derivation.kind))
    people = {rule_id for rule_id, rule in rules if rule.kind in ("human", "decision", "parting")}
    plan.replaced |= people if plan.people_changed else set()
    plan.kept = {rule_id for rule_id, _ in rules} - plan.replaced
    if plan.people_changed:
        plan.kept -= people


def is_much(scratch: Scratch, plan: Plan) -> bool:
    """Whether so much is void that starting over is quicker."""
    if not plan.replaced:
        return False
    counts: dict[int, int] = dict(scratch.rows("SELECT rule_id, COUNT(*) FROM identity.naming GROUP BY rule_id"))
    return 2 * sum(counts.get(rule_id, 0) for rule_id in plan.replaced) >= sum(counts.values())


def reading_of(scope: Scope, scratch: Scratch, rule: Rule) -> Read:
    """How far a rule reads, as text that changes when what it reads does."""
    if rule.kind in ("derived", "match"):
        return Read("")
    if rule.kind == "decision":
        return Read(" ".join(str(one.decision_id) for one in scope.decisions))
    landed = scope.landed[rule.source]
    if rule.kind == "record":
        return read_to(scratch.work, scope.project, rule.source, landed)
    return Read(f"{landed.fingerprint} {scope.as_of.isoformat()}")  # a dated merge counts from its date on


def write_inputs(scratch: Scratch, plan: Plan) -> None:
    """Remember what this run read.

    Writes: identity.input(rule_id, fingerprint, place)
    """
    rows = [
        (str(rule_id), literal(read.fingerprint), f"CAST({'NULL' if read.place is None else read.place} AS BIGINT)")
        for rule_id, read in plan.inputs.items()
    ]
    scratch.work.execute("DELETE FROM identity.input")
    scratch.work.execute(f"INSERT INTO identity.input {values_table(('rule_id', 'fingerprint', 'place'), rows)}")
