"""Records of all sources in, stable entity ids out: nodes, evidence, closure, limits, human decisions, redirects."""

from c360.identity.build import IdentityResult, build
from c360.identity.check import check
from c360.identity.lookup import Join, entity_join

__all__ = ["IdentityResult", "Join", "build", "check", "entity_join"]
