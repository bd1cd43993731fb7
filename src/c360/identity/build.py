"""Landed sources in, the identity tables out: nodes, evidence, members, the register of entities, redirects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from c360.cleaning import write_lists
from c360.identity.evidence.rules import register_rules
from c360.identity.inputs.kinds import kind_of_id
from c360.identity.inputs.landed import Landed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.inputs.trust import trust_of
from c360.identity.registry.nodes import make_slots
from c360.identity.registry.schema import form_version, make_tables
from c360.identity.update.full import rebuild
from c360.identity.update.incremental import update
from c360.identity.update.plan import make_plan, write_inputs
from c360.project import Project
from c360.records import dataclass
from c360.warehouse import Connection
from c360.warehouse.control import open_control
from c360.warehouse.control.decisions import Decision, list_decisions

Mode = Literal["auto", "full", "incremental"]


@dataclass(frozen=True)
class IdentityResult:
    """What a run of identity came to.

    Attributes:
        nodes, links: identifiers that a source names, and pairs of them that a rule links.
        entities: active entities by name.
        malformed, blocked_values: values that do not link.
        blocked_links: links that a limit forbids.
        merged, split, ended: entities whose id changed its state in this run.
    """

    nodes: int
    links: int
    entities: Mapping[str, int]
    malformed: int
    blocked_values: int
    blocked_links: int
    merged: int
    split: int
    ended: int


def build(
    work: Connection,
    project: Project,
    landed: Mapping[str, Landed],
    as_of: datetime,
    *,
    decisions: Sequence[Decision] | None = None,
    mode: Mode = "auto",
) -> IdentityResult:
    """Find out which identifiers of all sources are one entity; run again on the same inputs it changes nothing.

    Reads:  the landed tables; identity.* as the last run left it
    Writes: identity.* (see registry.schema), landing._quarantine (kind `value`)

    Args:
        work: the work database.
        project: the project.
        landed: the loaded sources by name.
        as_of: UTC; the date of new redirects, and of identifiers without a time.
        decisions: what people decided in the control store; None reads the project's.
        mode: `auto` does only what changed where that is quicker; `full` and `incremental` insist. The result is the
            same.

    Raises:
        ProjectError: unknown columns, merges that go round in a circle, decisions that contradict each other; all.
    """
    make_tables(work)
    lists = write_lists(work, project, landed)
    scope = Scope.of(project, landed, as_of, lists, read_decisions(project) if decisions is None else decisions)
    with Scratch(work) as scratch:
        make_slots(scope, scratch)
        plan = make_plan(scope, scratch, register_rules(scope, scratch), settings_of(scope), mode)
        if plan.is_full:
            rebuild(scope, scratch, plan)
        else:
            update(scope, scratch, plan)
        write_inputs(scratch, plan)
    return summary(scope, work)


def read_decisions(project: Project) -> list[Decision]:
    """The decisions in force in the project's control store; none when there is no store yet."""
    if not (project.store / "control.sqlite").exists():
        return []
    with open_control(project.store) as control:
        return list_decisions(control)


def settings_of(scope: Scope) -> str:
    """Everything beside the rules that decides the result, as text that changes when it does."""
    kinds = {kind: kind_of_id(scope.project, kind) for _, kind in scope.slots}
    limits = sorted(
        (name, str(kind.limit), str(kind.shared), trust_of(scope.project, name)) for name, kind in kinds.items()
    )
    holds = sorted((name, str(entity.hold)) for name, entity in scope.project.file.entities.items())
    return repr((form_version, scope.project.timezone, sorted(scope.slots), limits, holds))


def summary(scope: Scope, work: Connection) -> IdentityResult:
    """The counts of a finished run."""
    entities: dict[str, int] = dict(
        work.rows("SELECT entity, COUNT(*) FROM identity.entity WHERE status = 'active' GROUP BY entity")
    )
    counts: dict[str, int] = dict(
        work.rows(
            "SELECT 'nodes', COUNT(*) FROM identity.assigned UNION ALL SELECT 'links', COUNT(*) FROM identity.evidence "
            "UNION ALL SELECT 'blocked_links', COUNT(*) FROM identity.blocked "
            "UNION ALL SELECT state, COUNT(*) FROM (SELECT DISTINCT state, source, column_name, id_kind, value "
            "FROM identity.refused) AS refused GROUP BY state "
            f"UNION ALL SELECT kind, COUNT(*) FROM identity.event WHERE happened_at = {scope.moment()} GROUP BY kind"
        )
    )
    return IdentityResult(
        nodes=counts["nodes"],
        links=counts["links"],
        entities=entities,
        malformed=counts.get("malformed", 0),
        blocked_values=counts.get("blocked", 0),
        blocked_links=counts["blocked_links"],
        merged=counts.get("merge", 0),
        split=counts.get("split", 0),
        ended=counts.get("end", 0),
    )
