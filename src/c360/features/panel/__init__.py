"""Past dates and a label in, a training table out: each row an entity at a date, with what was known of it then."""

from c360.features.panel.request import PanelRequest, PanelResult
from c360.features.panel.writing import panel_table, write_panel

__all__ = ["PanelRequest", "PanelResult", "panel_table", "write_panel"]
