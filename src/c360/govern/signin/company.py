"""Who the company's sign-in says somebody is in, the user that they are here out: the company's groups give the role."""

from pathlib import Path

from c360.errors import AccessError, Fault, ProjectError
from c360.govern.policy import roles_of
from c360.govern.signin.accounts import add_user, change_role
from c360.project import Project
from c360.project.blocks.outputs import SignIn
from c360.records import dataclass
from c360.warehouse.control import accounts, open_control
from c360.warehouse.control.accounts import User


@dataclass(frozen=True)
class Claimed:
    """Who the identity provider says it is.

    Attributes:
        subject: what never changes about them: the issuer and its own name for them.
        email: an address that the provider has verified.
    """

    subject: str
    email: str
    name: str
    groups: tuple[str, ...]


def enter(store: Path, project: Project, block: SignIn, claimed: Claimed) -> User:
    """The user that somebody is here.

    Whoever is in a group with a role is made a user at the first sign-in, and gets that role at each. A local user is
    let in by the same verified address. A user whose role came from a group is refused once no group gives one.

    Raises:
        AccessError: no account, a disabled one, or one that belongs to somebody else of the same address.
    """
    role = role_of(project, block, claimed.groups)
    user = find(store, claimed)
    if user is None and role is not None:
        user = add_user(store, project, claimed.email, claimed.name[:100], role)
    if user is None or user.disabled_at is not None or (role is None and user.subject is not None):
        raise without_account()
    if role is None:
        return user
    with open_control(store) as control:
        accounts.set_subject(control, user.user_id, claimed.subject)
    if role != user.role:
        try_role(store, project, user, role)
    return next(one for one in accounts_of(store) if one.user_id == user.user_id)


def try_role(store: Path, project: Project, user: User, role: str) -> None:
    """Give the role of the group, unless nobody would be administrator any more."""
    try:
        change_role(store, project, user.user_id, role)
    except ProjectError as error:
        if error.faults[0].code != "last-admin":
            raise


def find(store: Path, claimed: Claimed) -> User | None:
    """The user of a subject; else the one of the address, when that is nobody else's.

    Raises:
        AccessError: the address is that of a user with another subject.
    """
    users = accounts_of(store)
    known = next((user for user in users if user.subject == claimed.subject), None)
    if known is not None:
        return known
    named = next((user for user in users if user.email.lower() == claimed.email.lower()), None)
    if named is not None and named.subject is not None:
        raise without_account()
    return named


def accounts_of(store: Path) -> list[User]:
    """Everybody who has, or had, an account."""
    with open_control(store) as control:
        return accounts.list_users(control)


def role_of(project: Project, block: SignIn, groups: tuple[str, ...]) -> str | None:
    """The role of the first group of the project file that somebody is in."""
    known = roles_of(project)
    return next((role for group, role in block.roles.items() if group in groups and role in known), None)


def without_account() -> AccessError:
    """The refusal of whoever has no account here; the reason is not told, it would tell about others."""
    fix = "ask an administrator for an account"
    message = "you have no account here, and none of your groups gives you a role"
    return AccessError(Fault("no-account", message, fix=fix))
