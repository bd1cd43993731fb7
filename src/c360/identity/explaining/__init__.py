"""Two identifiers in, why they are one entity or why they are not out; one identifier in, everything linked to it out."""

from c360.identity.explaining.explanation import Explanation, explain
from c360.identity.explaining.finding import Identifier, find_identifier
from c360.identity.explaining.person import Person, person

__all__ = ["Explanation", "Identifier", "Person", "explain", "find_identifier", "person"]
