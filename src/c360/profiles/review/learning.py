"""Suggested pairs and what people decided about such pairs in, how many of them people are expected to accept out.

Every verdict over a suggested pair keeps the pair's pattern: what the two had in common, and what not. The share of
accepted pairs of a pattern is estimated as the mean of a Beta distribution: its prior is worth `pattern_worth` pairs,
of which as many were accepted as of the other patterns of its rule; the prior of these is worth `rule_worth` pairs, and
`first_guess` of them were accepted. So a pattern sinks after two rejections, and a rule after ten.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4 (binomial data with a beta prior).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from c360.govern.decisions import Decision
from c360.profiles.review.queue import Pair
from c360.project import Project
from c360.records import dataclass

first_guess = 0.95
pattern_worth, rule_worth = 20, 100
strictest = 0.9  # above it the first rejection would end the queue
Key = tuple[str, str]  # (entity, pattern or rule)


@dataclass(frozen=True)
class Verdicts:
    """How many pairs were decided, and accepted, by pattern and by rule."""

    decided: Counter[Key]
    accepted: Counter[Key]


def rule_of(pattern: str) -> str:
    """Why pairs of a pattern are suggested: `same name, city` of `same name, city; other birth_date`."""
    return pattern.partition(";")[0]


def count_verdicts(decisions: Iterable[Decision]) -> Verdicts:
    """Count the verdicts over suggested pairs that are in force."""
    decided, accepted = Counter[Key](), Counter[Key]()
    for one in decisions:
        if one.pattern is None:
            continue
        for what in {one.pattern, f"rule: {rule_of(one.pattern)}"}:
            decided[one.entity, what] += 1
            accepted[one.entity, what] += one.verdict == "same"
    return Verdicts(decided, accepted)


def judge(pair: Pair, verdicts: Verdicts) -> Pair:
    """Say how likely people are to accept a pair, from what they said about such pairs."""
    if pair.pattern is None:
        return replace(pair, expected=min(pair.score, first_guess))
    own, whole = (pair.entity, pair.pattern), (pair.entity, f"rule: {rule_of(pair.pattern)}")
    decided, accepted = verdicts.decided[own], verdicts.accepted[own]
    others, good = verdicts.decided[whole] - decided, verdicts.accepted[whole] - accepted
    guess = (rule_worth * min(pair.score, first_guess) + good) / (rule_worth + others)
    expected = (pattern_worth * guess + accepted) / (pattern_worth + decided)
    return replace(pair, expected=expected, decided=decided, accepted=accepted)


def judge_all(pairs: Sequence[Pair], decisions: Iterable[Decision]) -> list[Pair]:
    """Judge pairs; those that people are most likely to accept first, otherwise in the order given."""
    verdicts = count_verdicts(decisions)
    return sorted((judge(pair, verdicts) for pair in pairs), key=lambda pair: -round(pair.expected, 9))


def is_worth_asking(project: Project, pair: Pair) -> bool:
    """Whether enough of such pairs are accepted: as many as the project's `above:` (at most 0.9) or `thresholds: {review}` says."""
    entity = project.file.entities.get(pair.entity)
    match = project.file.match.get(pair.entity)
    if entity is not None and entity.suggest is not None and not (pair.pattern or "").startswith("alike"):
        least = entity.suggest.above
    else:
        least = match.thresholds.review if match is not None else 0.0
    return pair.expected >= min(least, strictest, pair.score)


def told(pair: Pair) -> str | None:
    """What people said about pairs of the same pattern, as a sentence; None when they said nothing."""
    if not pair.decided:
        return None
    were = "was" if pair.accepted == 1 else "were"
    noun = "pair" if pair.decided == 1 else "pairs"
    return f"{pair.accepted} of {pair.decided} {noun} like it ({pair.pattern}) {were} accepted"
