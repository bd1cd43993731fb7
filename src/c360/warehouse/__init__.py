"""Where data lives: the only room that opens a connection; SQL helpers, snapshots and publishing."""

from c360.warehouse.connection import Connection, Row
from c360.warehouse.names import comma, literal, qualified, quote

__all__ = ["Connection", "Row", "comma", "literal", "qualified", "quote"]
