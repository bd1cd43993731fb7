"""Names and literals into safe SQL text, for those who ask a `Reading`."""

from c360.warehouse import comma, literal, quote

__all__ = ["comma", "literal", "quote"]
