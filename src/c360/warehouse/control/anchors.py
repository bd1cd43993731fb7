"""The last number and MAC of the audit log, kept apart from it, so that a log whose tail was cut off is found out."""

from c360.warehouse.control.database import ControlStore, now_text


def add_anchor(control: ControlStore, number: int, mac: str) -> None:
    """Keep one more anchor; an older number never replaces a newer one."""
    sql = "INSERT OR IGNORE INTO audit_anchor (number, mac, anchored_at) VALUES (?, ?, ?)"
    control.execute(sql, (number, mac, now_text()))


def last_anchor(control: ControlStore) -> tuple[int, str] | None:
    """The newest anchor."""
    row = control.row("SELECT number, mac FROM audit_anchor ORDER BY number DESC LIMIT 1")
    return (int(row[0]), str(row[1])) if row else None
