"""Access: who has an account and in which role, what each role sees, and the newest lines of the audit log."""

from datetime import datetime
from urllib.parse import urlencode

from c360.errors import Fault
from c360.govern.audit import Entry
from c360.govern.policy import admin, roles_of
from c360.govern.signin.accounts import add_user, change_role, list_users, make_link, shut_out
from c360.project import Project
from c360.records import dataclass
from c360.web.frame.faults import MissingError
from c360.web.frame.page import Action, Context, Outcome, Page, Parameter, shown
from c360.web.frame.visit import Visit

newest_entries = 50


@dataclass(frozen=True)
class UserRow:
    """A person with an account."""

    user_id: int
    name: str
    email: str
    role: str
    created_at: datetime | None
    disabled_at: datetime | None
    has_password: bool


@dataclass(frozen=True)
class Cell:
    """How a role sees one kind of field."""

    field: str
    treatment: str


@dataclass(frozen=True)
class RoleRow:
    """What a role sees and may do."""

    role: str
    sees: str
    cells: tuple[Cell, ...]
    rows: str | None
    may: tuple[str, ...]


@dataclass(frozen=True)
class AccessContext(Context):
    """Who may see what."""

    users: tuple[UserRow, ...] = shown("Everybody who has, or had, an account.")
    roles: tuple[RoleRow, ...] = shown("What each role sees and may do.")
    fields: tuple[str, ...] = shown("The fields that any role sees differently.")
    names: tuple[str, ...] = shown("The roles that a user can have.")


@dataclass(frozen=True)
class AuditContext(Context):
    """The audit log."""

    entries: tuple[Entry, ...] = shown("The newest records, newest first.")
    wrong: str | None = shown("What is wrong with the log; none when its chain and anchors are whole.")
    total: int = shown("How many records there are.")
    before: int | None = shown("The number before which the next page ends.")


def show(visit: Visit) -> AccessContext:
    """Read who may see what."""
    users = [
        UserRow(
            one.user_id, one.name, one.email, one.role, one.created_at, one.disabled_at, one.password_hash is not None
        )
        for one in list_users(visit.site.store)
    ]
    fields = fields_of(visit.project)
    return AccessContext(
        "Access", tuple(users), tuple(role_row(visit.project, name, fields) for name in roles_of(visit.project)), tuple(fields),
        tuple(roles_of(visit.project)),
    )  # fmt: skip


def fields_of(project: Project) -> list[str]:
    """The fields that are personal, or that any role sees masked or not at all."""
    named = [kind for kind, block in project.file.ids.items() if block.pii]
    for role in project.file.access.roles.values():
        named += [*role.mask, *role.hide, *role.clear]
    return list(dict.fromkeys(named))


def role_row(project: Project, name: str, fields: list[str]) -> RoleRow:
    """What one role sees."""
    if name == admin:
        return RoleRow(name, "everything", tuple(Cell(field, "clear") for field in fields), None, ("everything",))
    role = project.file.access.roles[name]
    sees = "every entity" if role.see == "all" else ", ".join(role.see)
    cells = []
    for field in fields:
        kind = project.file.ids.get(field)
        treatment = "hidden" if field in role.hide else "masked" if field in role.mask else "clear"
        if treatment == "clear" and kind is not None and kind.pii and field not in role.clear:
            treatment = {"mask": "masked", "hide": "hidden"}[kind.pii]
        if treatment == "masked" and field in role.find:
            treatment = "masked, can be searched"
        cells.append(Cell(field, treatment))
    may = (*role.may, *(("write lens queries",) if role.sql else ()))
    return RoleRow(name, sees, tuple(cells), role.rows, may)


def invite(visit: Visit) -> Outcome:
    """Add a user and make the link with which they choose a password."""
    values, store = visit.values, visit.site.store
    user = add_user(store, visit.project, values["email"], values["name"], values["role"])
    return link_outcome(visit, user.email, f"{user.name} has an account.")


def new_link(visit: Visit) -> Outcome:
    """Make a link with which a user chooses another password."""
    return link_outcome(visit, email_of(visit), "The password stays as it is until the link is used.")


def link_outcome(visit: Visit, email: str, said: str) -> Outcome:
    """The outcome that shows a one-time link, once."""
    link = f"/password?{urlencode({'link': make_link(visit.site.store, email)})}"
    text = f"{said} Send them this link, it works once within a day: {visit.site.address(link)}"
    return Outcome("/access", text, data={"link": link}, audit={"user": email})


def email_of(visit: Visit) -> str:
    """The address of the user in the form.

    Raises:
        MissingError: there is none.
    """
    number = visit.values["user"]
    found = [user.email for user in list_users(visit.site.store) if user.user_id == number]
    if not found:
        raise MissingError(Fault("unknown-user", f"there is no user {number}", fix="open the list of users"))
    return found[0]


def set_role(visit: Visit) -> Outcome:
    """Give a user another role."""
    email = email_of(visit)
    change_role(visit.site.store, visit.project, visit.values["user"], visit.values["role"])
    return Outcome(
        "/access",
        f"{email} is {visit.values['role']} now and has to sign in again.",
        audit={"user": email, "to": visit.values["role"]},
    )


def disable(visit: Visit) -> Outcome:
    """Shut a user out."""
    email = email_of(visit)
    shut_out(visit.site.store, visit.values["user"])
    return Outcome("/access", f"{email} is shut out: sessions are ended and tokens revoked.", audit={"user": email})


def show_audit(visit: Visit) -> AuditContext:
    """Read the audit log and verify its chain."""
    log = visit.site.audit
    entries = log.entries(newest_entries, visit.values["before"])
    newest = log.entries(1)
    before = entries[-1].number if entries and entries[-1].number > 1 else None
    return AuditContext("Audit log", tuple(entries), log.verify(), newest[0].number if newest else 0, before)


user = Parameter("user", "The number of the user.", kind="integer", required=True)
role = Parameter("role", "A role of the project, or admin.", required=True, longest=63)
email = Parameter("email", "The e-mail address.", required=True, longest=254)
endpoints = (
    Page("/access", "access.html", "access", AccessContext, show, "Who may see what.", group="Govern", label="Access", reads_data=False, in_api=False),
    Page(
        "/audit", "audit.html", "access", AuditContext, show_audit, "Who read and did what.",
        (Parameter("before", "Only records before this number.", kind="integer", least=1),),
        group="Govern", label="Audit log", reads_data=False, in_api=False,
    ),
    Action("/access/invite", "invite-user", "access", invite, "Add a user.", (email, Parameter("name", "Their name.", default="", longest=100), role), in_api=False),
    Action("/access/link", "make-password-link", "access", new_link, "Make a link for another password.", (user,), in_api=False),
    Action("/access/role", "change-role", "access", set_role, "Give a user another role.", (user, role), in_api=False),
    Action("/access/disable", "disable-user", "access", disable, "Shut a user out.", (user,), in_api=False),
)  # fmt: skip
