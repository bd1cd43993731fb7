"""An identifier kind in, how far a link through it is trusted out (0-1000)."""

import re

from c360.identity.inputs.mentions import kind_of_id
from c360.project import Project
from c360.project.blocks.ids import IdType

certain = 1001  # an entity and the identifier that it was first known by
human = 1000  # a person said so
by_type: dict[IdType, int] = {"external": 100, "email": 90, "phone": 80, "domain": 60}
device_name = re.compile(r"device|idfa|idfv|gaid|adid|advertising|push_token", re.IGNORECASE)
cookie_name = re.compile(r"anon|cookie|visitor|session|client_id|browser|fingerprint", re.IGNORECASE)


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
