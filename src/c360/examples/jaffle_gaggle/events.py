"""Users with their sign-up times in; the event log in the order of time out, block by block."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from c360.examples.draws import Draws, Whole, shares
from c360.examples.rows import Column, digits, hexadecimal, stamps, texts

kinds = ("recipe_viewed", "recipe_favorited", "order_placed")
# per hundred events of a user: below the first bound views, below the second favourites, else orders
tastes = ((78, 95), (68, 86), (58, 74), (86, 100))
# how eager the users are; the list is drawn from evenly, so 3 in 64 never come back
eagerness = (
    [0] * 3 + [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9] + list(range(10, 30)) + list(range(30, 70, 3))
    + [80, 90, 105, 120, 140, 165, 190]
)  # fmt: skip
# per thousand events, by hour of the day: lunch and dinner are when people look at recipes
by_hour = (8, 5, 3, 3, 4, 8, 18, 35, 42, 40, 45, 70, 85, 60, 40, 38, 48, 80, 105, 100, 70, 45, 30, 18)
block = 500_000
first_id = 1000


def make_events(draws: Draws, created: Whole, always: Sequence[int], events: int, end: int) -> tuple[Whole, Whole]:
    """Spread the events over the users and over each user's time.

    Args:
        draws: the streams of the seed.
        created: sign-up times in the order of ids, seconds since 1970.
        always: users that have a fair number of events whatever is drawn.
        events: how many there are in all.
        end: no event happens at or after this second.

    Returns:
        user and time of each event, in the order of time.
    """
    weights = np.array(eagerness)[draws.below("eagerness", len(eagerness), len(created))]
    weights[list(always)] = np.maximum(weights[list(always)], 25)
    weights[0] = max(1, int(weights[0]))
    user = np.repeat(np.arange(len(created)), shares(events, weights))
    time = np.empty(events, dtype=np.int64)
    for start in range(0, events, block):
        part = slice(start, min(start + block, events))
        time[part] = times(draws, created[user[part]], end, start)
    order = np.argsort(time, kind="stable")
    return user[order], time[order]


def times(draws: Draws, since: Whole, end: int, start: int) -> Whole:
    """A time after sign-up for each event: any day, and an hour of the day when people are awake."""
    size = len(since)
    plain = since + draws.below("event time", end - since, size, start)
    hour = draws.pick("event hour", by_hour, size, start)
    shaped = plain // 86_400 * 86_400 + hour * 3_600 + draws.below("event second", 3_600, size, start)
    fits = (shaped >= since) & (shaped < end)
    chosen: Whole = np.where(fits, shaped, plain)
    return chosen


def event_rows(draws: Draws, user: Whole, time: Whole, users: int) -> Iterator[tuple[Sequence[Column], int]]:
    """The rows of raw_event.csv."""
    taste = np.array(tastes)[draws.below("taste", len(tastes), users)]
    names = texts(kinds)
    for start in range(0, len(user), block):
        part = slice(start, start + block)
        kind = kind_of(draws, taste[user[part]], start)
        size = len(kind)
        yield (
            [[hexadecimal(draws.words("event id", size, start))], [digits(user[part] + first_id)],
             [names[kind]], stamps(time[part])],
            size,
        )  # fmt: skip


def kind_of(draws: Draws, bounds: NDArray[np.int64], start: int) -> Whole:
    """Which of the three kinds each event is."""
    drawn = draws.below("event kind", 100, len(bounds), start)
    kind: Whole = (drawn >= bounds[:, 0]).astype(np.int64) + (drawn >= bounds[:, 1])
    return kind
