"""How pages and actions are declared: path, right, parameters, and a frozen context in which every field has a help text."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from c360.errors import Fault, ProjectError, suggest
from c360.govern.policy import Permission
from c360.project import Project
from c360.records import dataclass

if TYPE_CHECKING:
    from c360.web.frame.visit import Visit

Group = Literal["Customers", "Identity", "Model", "Operate", "Govern"]


def shown(help_text: str) -> Any:
    """A field of a context, with what it means: the description in the API's document."""
    return field(metadata={"help": help_text})


@dataclass(frozen=True)
class Context:
    """What a page shows; its fields are what `.json` answers."""

    title: str = shown("The heading of the page.")


@dataclass(frozen=True)
class Parameter:
    """One value that a request may carry, in the query or in a form.

    Attributes:
        kind: how it is read; `many` gives a tuple of texts, `json` takes an object as well, as its text.
        choices: the values that are allowed.
        default: when it is absent; a parameter is required when `required` is set.
        longest: characters at most.
    """

    name: str
    help: str
    kind: Literal["text", "integer", "day", "flag", "many", "json"] = "text"
    choices: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    longest: int = 400
    least: int = 0
    most: int = 2**53 - 1  # what every JSON reader takes exactly

    def read(self, values: list[str]) -> Any:
        """The value of a request.

        Raises:
            ProjectError: it cannot be read, or is none of the choices.
        """
        texts = [value.strip() if self.kind != "text" else value for value in values]
        if any(len(text) > self.longest or "\x00" in text for text in texts):
            raise self.refusal(f"has more than {self.longest} characters, or characters that cannot be shown")
        if self.kind == "many":
            return tuple(self.checked(text) for text in texts if text)
        text = texts[-1] if texts else ""
        if not text:
            if self.required:
                raise self.refusal("is missing")
            return self.default
        return self.one(text)

    def one(self, text: str) -> Any:
        """One value."""
        if self.kind == "integer":
            if not text.isascii() or not text.isdigit() or not self.least <= int(text[:19]) <= self.most:
                raise self.refusal(f"must be a whole number from {self.least} to {self.most}")
            return int(text[:19])
        if self.kind == "flag":
            return text in ("1", "true", "yes", "on")
        if self.kind == "day":
            return self.day(text)
        return self.checked(text)

    def day(self, text: str) -> Any:
        """A day in ISO form."""
        from datetime import date

        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.refusal("must be a day, such as 2026-10-01") from None

    def checked(self, text: str) -> str:
        """A text that is one of the choices, when there are choices."""
        if self.choices and text not in self.choices:
            fix = suggest(text, self.choices) or f"one of: {', '.join(self.choices)}"
            raise self.refusal(f"cannot be '{text[:60]}'", fix)
        return text

    def refusal(self, what: str, fix: str | None = None) -> ProjectError:
        """The error of a value that will not do."""
        return ProjectError(Fault("bad-parameter", f"parameter '{self.name}' {what}", fix=fix or self.help))


def always(project: Project) -> bool:  # noqa: ARG001  the signature of `present`
    """For pages that every project has."""
    return True


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: with `{name}` for parts that vary; they arrive as texts in `visit.path`.
        context: what `build` returns; the API's document is made from it.
        group, label: where it stands in the navigation; None for pages that are reached from others.
        fragments: ids of elements that htmx may ask for alone; each is a block of the template.
        present: whether the project has what it is about; pages of absent rooms are absent.
        reads_data: whether it needs a published snapshot.
        is_kept: whether what it shows is remembered with the snapshot: it is asked of a large one before that is shown.
    """

    path: str
    template: str
    permission: Permission
    context: type[Context]
    build: "Callable[[Visit], Context]"
    summary: str
    parameters: tuple[Parameter, ...] = ()
    group: Group | None = None
    label: str = ""
    fragments: tuple[str, ...] = ()
    present: Callable[[Project], bool] = always
    reads_data: bool = True
    in_api: bool = True
    is_kept: bool = False
    path_help: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in tests and in the audit log."""
        return self.template.removesuffix(".html")


@dataclass(frozen=True)
class Outcome:
    """What an action came to.

    Attributes:
        to: the page that a browser is sent to.
        said: one sentence for the person, shown there once.
        data: what the API answers.
        audit: what the audit log keeps: ids and names, never values.
        elsewhere: whether `to` is an address of another server.
        set_begun: the cookie of a sign-in that begins; the empty text ends it.
    """

    to: str
    said: str
    data: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    set_session: str | None = None
    end_session: bool = False
    elsewhere: bool = False
    set_begun: str | None = None


@dataclass(frozen=True)
class Action:
    """Something that a visitor does by POST."""

    path: str
    name: str
    permission: Permission
    run: "Callable[[Visit], Outcome]"
    summary: str
    parameters: tuple[Parameter, ...] = ()
    present: Callable[[Project], bool] = always
    in_api: bool = True
    path_help: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """What a download sends; `is_shown` lets a browser show it instead of keeping it."""

    name: str
    media_type: str
    body: bytes
    rows: int
    is_shown: bool = False


@dataclass(frozen=True)
class Download:
    """Rows as a file."""

    path: str
    name: str
    permission: Permission
    write: "Callable[[Visit], File]"
    summary: str
    media_type: str = "text/csv"
    parameters: tuple[Parameter, ...] = ()
    present: Callable[[Project], bool] = always
    path_help: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Passage:
    """An address that shows nothing and leads on: to another server, or back from there."""

    path: str
    name: str
    permission: Permission
    run: "Callable[[Visit], Outcome]"
    summary: str
    parameters: tuple[Parameter, ...] = ()
    present: Callable[[Project], bool] = always
    in_api: bool = False
    path_help: Mapping[str, str] = field(default_factory=dict)


Endpoint = Page | Action | Download | Passage
