"""An identifier kind in, how far a link through it is trusted (0-1000) and how many of them one person has out."""

import re

from c360.identity.inputs.kinds import kind_of_id
from c360.project import Project
from c360.project.blocks.ids import IdType

certain = 1001  # an entity and the identifier that it was first known by
human = 1000  # a person said so
by_type: dict[IdType, int] = {"external": 100, "email": 90, "phone": 80, "domain": 60}
device_name = re.compile(r"device|idfa|idfv|gaid|adid|advertising|push_token", re.IGNORECASE)
cookie_name = re.compile(r"anon|cookie|visitor|session|client_id|browser|fingerprint", re.IGNORECASE)
account_name = re.compile(
    r"^(user|customer|member|account|contact|person|subscriber|profile|login|patient|student|guest|crm)s?"
    r"([_-]?(id|no|nr|number|key|uuid|guid))?$",
    re.IGNORECASE,
)
few_by_type: dict[IdType, int] = {"email": 5, "phone": 5}  # identity design, section 3: what one entity may collect


def trust_of(project: Project, kind: str) -> int:
    """The declared trust of a kind, else what its name says (a cookie, a device), else its type's."""
    declared = kind_of_id(project, kind)
    if declared.trust is not None:
        return declared.trust
    if declared.type == "external":
        if cookie_name.search(kind):
            return 30
        if device_name.search(kind):
            return 50
    return by_type[declared.type]


def most_of_one(project: Project, kind: str, sources: int) -> int | None:
    """How many values of a kind one entity has at most; None where any number is in order, as of orders or cookies.

    That is what the kind's limit says, counted ever; else five addresses, five phone numbers, one account. More of
    them than that can only be those of several.

    Args:
        project: the project.
        kind: the identifier kind.
        sources: how many sources name it, for a limit per source.
    """
    declared = kind_of_id(project, kind)
    if declared.limit is not None and declared.limit.per in ("ever", "source"):
        return declared.limit.count * (max(sources, 1) if declared.limit.per == "source" else 1)
    is_account = declared.type == "external" and account_name.match(kind) is not None
    return 1 if is_account else few_by_type.get(declared.type)
