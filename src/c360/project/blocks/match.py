"""`match:` probabilistic matching of an entity's records: what is compared, from when on a pair is linked, what never is."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from c360.project.blocks.base import Block, Name, as_list

Likeness = Literal["name", "text", "email", "phone", "date", "code", "category", "exact", "ignore"]
Distance = Literal["levenshtein", "damerau_levenshtein", "jaro", "jaro_winkler", "jaccard"]
likenesses: tuple[str, ...] = get_args(Likeness)
distances: tuple[str, ...] = get_args(Distance)


class Thresholds(Block):
    """The probabilities that decide about a pair.

    Attributes:
        link: from here on the two are linked.
        review: from here on, below `link`, a person is asked.
    """

    link: float = Field(default=0.8, gt=0, le=1)
    review: float = Field(default=0.5, gt=0, le=1)

    @model_validator(mode="after")
    def are_in_order(self) -> "Thresholds":
        """What is linked is likelier than what is only shown."""
        if self.review > self.link:
            raise ValueError(f"`review` ({self.review}) must not be above `link` ({self.link})")
        return self


class Degrees(Block):
    """`{jaro_winkler: [0.92, 0.8]}`: a measure of likeness of Splink's library, and the degrees that are told apart.

    Attributes:
        levenshtein, damerau_levenshtein: numbers of edits, the fewest first.
        jaro, jaro_winkler, jaccard: likeness from 0 to 1, the highest first.
    """

    levenshtein: tuple[int, ...] | None = None
    damerau_levenshtein: tuple[int, ...] | None = None
    jaro: tuple[float, ...] | None = None
    jaro_winkler: tuple[float, ...] | None = None
    jaccard: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def is_one_measure(self) -> "Degrees":
        """One measure, and degrees that can be."""
        used = [name for name in distances if getattr(self, name) is not None]
        if len(used) != 1:
            raise ValueError(f"write one of {', '.join(distances)}")
        degrees = self.degrees
        if not degrees:
            raise ValueError(f"`{used[0]}:` needs at least one degree")
        if self.counts_edits:
            if any(degree < 1 for degree in degrees) or list(degrees) != sorted(set(degrees)):
                raise ValueError(f"`{used[0]}:` takes numbers of edits from 1 on, the fewest first")
        elif any(not 0 < degree < 1 for degree in degrees) or list(degrees) != sorted(set(degrees), reverse=True):
            raise ValueError(f"`{used[0]}:` takes numbers between 0 and 1, the highest first")
        return self

    @property
    def measure(self) -> str:
        """The one measure."""
        return next(name for name in distances if getattr(self, name) is not None)

    @property
    def degrees(self) -> tuple[float, ...]:
        """Its degrees."""
        found: tuple[float, ...] = getattr(self, self.measure)
        return found

    @property
    def counts_edits(self) -> bool:
        """Whether degrees are edits, not likeness."""
        return "levenshtein" in self.measure


def unfold_degrees(value: Any) -> Any:
    """`{levenshtein: 1}` means `{levenshtein: [1]}`."""
    return {key: as_list(item) for key, item in value.items()} if isinstance(value, dict) else value


Comparison = Annotated[Likeness | Degrees, BeforeValidator(unfold_degrees)]


class Match(Block):
    """Probabilistic matching of one entity; `auto` (no keys at all) finds everything out from the data.

    Attributes:
        comparisons: trait or identifier -> how it is compared: as a name, text, email, phone, date, code, category, only
            as a whole (exact), not at all (ignore), or by degrees of a measure; others as their values suggest.
        blocking: SQL conditions over `l.` and `r.`, or lists of columns that must be equal; one of them must hold for a
            pair to be compared at all.
        thresholds: the probability from which on a pair is linked, or reviewed.
        one_to_one: sources without duplicates, or all: no entity gets two of their records through matching.
        at_most: the most records that matching joins into one entity.
        version: one more trains the model anew; otherwise it stays as it was trained first.
    """

    comparisons: dict[Name, Comparison] = Field(default_factory=dict)
    blocking: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    thresholds: Thresholds = Thresholds()
    one_to_one: bool | tuple[Name, ...] = False
    at_most: int = Field(default=100, ge=2)
    version: int = Field(default=1, ge=1)


def unfold_match(value: Any) -> Any:
    """`contact: auto` means all defaults."""
    return {} if value == "auto" else value


Matches = dict[Name, Annotated[Match, BeforeValidator(unfold_match)]]
