"""A role of the project file in, what it may do out; `Viewer` is whoever asks, with the role they act in."""

from collections.abc import Collection
from dataclasses import field
from typing import Literal

from c360.errors import AccessError, Fault
from c360.project import Project
from c360.project.blocks.outputs import Role
from c360.records import dataclass

Permission = Literal[
    "public",  # no sign-in needed: the sign-in page itself, its stylesheet, the health probe
    "signed-in",  # anybody with an account: their own sessions and tokens
    "customers",  # rows of the entities that the role sees
    "model",  # definitions, lineage, runs, checks: how numbers come about
    "raw",  # records as they came, before any mask could apply
    "lens",  # questions to the semantic layer
    "export",  # rows as a file
    "review",  # decide whether two records are one entity
    "edit",  # change the project file
    "run",  # start a run, replay quarantined rows
    "access",  # users, roles, tokens of others
]
Scope = Literal["read", "review", "edit", "run", "export"]

admin = "admin"
scopes: dict[Scope, frozenset[Permission]] = {
    "read": frozenset({"public", "signed-in", "customers", "model", "raw", "lens"}),
    "review": frozenset({"review"}),
    "edit": frozenset({"edit"}),
    "run": frozenset({"run"}),
    "export": frozenset({"export"}),
}
access_only: frozenset[Permission] = frozenset({"access"})
public_only: frozenset[Permission] = frozenset({"public"})
everything = access_only.union(*scopes.values())


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks.

    Attributes:
        role: a role of the project, or admin.
        rights: the role as the project declares it; None for admin, who sees and may do everything.
        permissions: what they may do; for an API token narrowed to its scopes.
        session: a hash that names their session or token in forms; never the secret.
    """

    name: str
    email: str
    role: str
    rights: Role | None
    permissions: frozenset[Permission]
    user_id: int = 0
    session: str = ""
    by_token: bool = False

    def may(self, permission: Permission) -> bool:
        """Whether they may do it."""
        return permission in self.permissions

    def demand(self, permission: Permission) -> None:
        """Refuse what they may not do.

        Raises:
            AccessError: names the role and the missing right.
        """
        if permission not in self.permissions:
            message = f"role '{self.role}' may not do this: it needs the right '{permission}'"
            fix = "ask an administrator for another role" if not self.by_token else "make a token with that scope"
            raise AccessError(Fault("not-allowed", message, fix=fix))


nobody = Viewer("", "", "", Role(see=()), public_only)


@dataclass(frozen=True, slots=True)
class Who:
    """A person as the sign-in found them."""

    name: str
    email: str
    role: str
    user_id: int = 0
    session: str = ""
    narrowed_to: frozenset[str] | None = field(default=None)


def viewer_of(project: Project, who: Who) -> Viewer:
    """What a person may do in a project.

    Raises:
        AccessError: the project no longer has their role.
    """
    allowed = everything
    rights = None
    if who.role != admin:
        rights = project.file.access.roles.get(who.role)
        if rights is None:
            fix = f"declare it under `access.roles`, or give {who.email} another role"
            raise AccessError(Fault("unknown-role", f"the project has no role '{who.role}'", fix=fix))
        allowed = permissions_of(rights)
    if who.narrowed_to is not None:
        allowed &= permissions_in(who.narrowed_to)
    by_token = who.narrowed_to is not None
    return Viewer(who.name, who.email, who.role, rights, allowed, who.user_id, who.session, by_token)


def permissions_of(role: Role) -> frozenset[Permission]:
    """What a declared role may do; raw records only where nothing of any entity is kept from it."""
    allowed: set[Permission] = {"public", "signed-in", "customers", "model", "lens", *role.may}
    if role.see == "all" and not (role.mask or role.hide or role.rows):
        allowed.add("raw")
    return frozenset(allowed)


def permissions_in(names: Collection[str]) -> frozenset[Permission]:
    """What a token of these scopes may do at most."""
    return public_only.union(*(scopes[name] for name in scopes if name in names))


def roles_of(project: Project) -> list[str]:
    """The roles that a user can have."""
    return [*project.file.access.roles, admin]
