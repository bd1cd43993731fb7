"""The commands of c360 in, docs/reference/commands.md out: what each is for, its arguments and options."""

import click

from c360.cli import group

head = """# Commands

Results go to stdout; progress, warnings and faults to stderr. Every command takes `--json`, which prints one object with its
`version`. Commands that write take `--dry-run`. `--project DIR` names the project folder (default: here, or `C360_PROJECT`).
Exit codes are those of [errors](errors.md#exit-codes). This page is written by `python -m tools.write_reference`.
"""


def command_page() -> str:
    """The page as it should be."""
    context = click.Context(group, info_name="c360")
    parts = [head]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            parts += describe(command, name, context, "##")
    return "\n".join(parts).rstrip() + "\n"


def describe(command: click.Command, name: str, parent: click.Context, heading: str) -> list[str]:
    """One command, and its own commands below it."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [
        f"{heading} {context.command_path}\n",
        f"`{context.command_path} {usage}`\n",
        plain(command.help or "") + "\n",
    ]
    rows = [
        record for option in command.params if (record := option.get_help_record(context)) and "--help" not in record[0]
    ]
    if rows:
        parts += ["| option | meaning |", "|---|---|"]
        parts += [f"| `{cell(names)}` | {cell(plain(meaning))} |" for names, meaning in rows] + [""]
    if command.epilog:
        parts.append(f"{plain(command.epilog)}\n")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            parts += describe(found, below, context, f"{heading}#") if found else []
    return parts


def plain(text: str) -> str:
    """Help text on one line."""
    return " ".join(text.replace("\b", " ").split())


def cell(text: str) -> str:
    """Text inside a table: a bar would end the cell."""
    return text.replace("|", "\\|")
