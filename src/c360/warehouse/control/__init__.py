"""What outlives runs and must be writable while one is under way: runs, decisions, users, sessions, tokens (SQLite)."""

from c360.warehouse.control.database import ControlStore, open_control
from c360.warehouse.control.lock import run_lock
from c360.warehouse.control.runs import Run, StepRecord

__all__ = ["ControlStore", "Run", "StepRecord", "open_control", "run_lock"]
