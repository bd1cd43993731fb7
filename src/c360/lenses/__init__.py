"""Semantic models -> SQL whose numbers cannot double-count."""

from c360.lenses.answer import Answer, run_query
from c360.lenses.binding.bound import Bound
from c360.lenses.model.load import load_lens
from c360.lenses.model.meta import meta
from c360.lenses.open import OpenLens, open_lens, read_any

__all__ = ["Answer", "Bound", "OpenLens", "load_lens", "meta", "open_lens", "read_any", "run_query"]
