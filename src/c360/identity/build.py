"""Landed sources in, the identity tables out: nodes, evidence, members, the register of entities, redirects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from c360.cleaning import write_lists
from c360.identity.inputs.landed import Landed
from c360.identity.inputs.scope import Scope
from c360.identity.inputs.scratch import Scratch
from c360.identity.registry.schema import make_tables
from c360.identity.update.full import rebuild
from c360.project import Project
from c360.warehouse import Connection


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


def build(work: Connection, project: Project, landed: Mapping[str, Landed], as_of: datetime) -> IdentityResult:
    """Find out which identifiers of all sources are one entity; run again on the same inputs it changes nothing.

    Reads:  the landed tables; identity.node, entity, member as the last run left them
    Writes: identity.* (see registry.schema), landing._quarantine (kind `value`)

    Args:
        work: the work database.
        project: the project.
        landed: the loaded sources by name.
        as_of: UTC; the date of new redirects, and of identifiers without a time.

    Raises:
        ProjectError: unknown columns, or human merges that go round in a circle; all of them.
    """
    make_tables(work)
    scope = Scope.of(project, landed, as_of, write_lists(work, project, landed))
    with Scratch(work) as scratch:
        rebuild(scope, scratch)
    return summary(scope, work)


def summary(scope: Scope, work: Connection) -> IdentityResult:
    """The counts of a finished run."""
    entities: dict[str, int] = dict(
        work.rows("SELECT entity, COUNT(*) FROM identity.entity WHERE status = 'active' GROUP BY entity")
    )
    counts: dict[str, int] = dict(
        work.rows(
            "SELECT 'nodes', COUNT(*) FROM identity.assigned UNION ALL SELECT 'links', COUNT(*) FROM identity.evidence "
            "UNION ALL SELECT 'blocked_links', COUNT(*) FROM identity.blocked "
            "UNION ALL SELECT state, COUNT(*) FROM identity.refused GROUP BY state "
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
