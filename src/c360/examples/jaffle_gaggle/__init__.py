"""Sizes and a seed in; the JaffleGaggle project out: gaggles of people who view, favour and order recipes.

The files have the names and columns of the public JaffleGaggle story, so that its real files can be put in their place; the
people, companies and events are invented. Every file is the same, byte for byte, for the same sizes, seed and end.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfile

import numpy as np

from c360.examples.draws import Draws, Whole
from c360.examples.folder import claim_files, refuse_sizes
from c360.examples.jaffle_gaggle.deals import make_deals
from c360.examples.jaffle_gaggle.events import block, event_rows, first_id, make_events
from c360.examples.jaffle_gaggle.gaggles import Gaggles, make_gaggles
from c360.examples.jaffle_gaggle.people import People, address, address_parts, make_people, number_namesakes
from c360.examples.rows import Column, digits, stamps, texts, write_csv, write_rows

files = (
    "c360.yaml", "data/raw_user.csv", "data/raw_gaggle.csv", "data/raw_event.csv", "data/deals.csv",
    "data/merged_user.csv", "data/merged_company_domain.csv",
)  # fmt: skip
last_day = date(2026, 10, 1)
sign_up_days = 91


def write(
    folder: Path,
    *,
    users: int = 5_781,
    events: int = 120_307,
    gaggles: int | None = None,
    seed: int = 360,
    end: date = last_day,
    overwrite: bool = False,
) -> list[Path]:
    """Write the project file and its six data files.

    Args:
        folder: where to; it is made when it is not there.
        users: rows of raw_user.csv; some people have two.
        events: rows of raw_event.csv.
        gaggles: rows of raw_gaggle.csv; by default in the proportion of the story, 823 for 5,781 users.
        seed: another seed gives other people and events.
        end: no event happens on or after this day; sign-ups fill the 91 days that end one day before.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files, the project file first.

    Raises:
        ProjectError: a file is there already and `overwrite` is not set, or the sizes make no sense.
    """
    count = max(1, round(users * 823 / 5_781)) if gaggles is None else gaggles
    wrong = [
        *(["users must be at least 1"] if users < 1 else []),
        *(
            [f"gaggles must be between 1 and the number of users, {users}"]
            if users >= 1 and not 1 <= count <= users
            else []
        ),
        *(["events must not be negative"] if events < 0 else []),
    ]
    refuse_sizes("jaffle_gaggle", wrong)
    paths = claim_files(folder, files, overwrite=overwrite)
    copyfile(Path(__file__).with_name("c360.yaml"), paths[0])
    write_data(paths[1:], Draws(seed), (users, count, events), end)
    return paths


def write_data(paths: Sequence[Path], draws: Draws, sizes: tuple[int, int, int], end: date) -> None:
    """Draw everything and write the six data files."""
    users, count, events = sizes
    stop = int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp())
    window = (stop - (sign_up_days + 1) * 86_400, stop - 86_400)
    companies, gaggles = make_gaggles(draws, users, count)
    people = make_people(draws, companies, gaggles, window)
    number, order = number_namesakes(people), people.order
    place = np.argsort(order)  # user -> position in raw_user.csv
    founded = np.minimum.reduceat(people.created, np.cumsum(gaggles.size) - gaggles.size)
    gaggle_order = np.argsort(founded, kind="stable")
    gaggle_id = np.argsort(gaggle_order) + first_id
    user_file, gaggle_file, event_file, deal_file, same_file, domain_file = paths
    write_csv(user_file, "id,name,email,gaggle_id,created_at", user_rows(people, number, order, gaggle_id))
    write_csv(gaggle_file, "id,name,created_at", gaggle_rows(gaggles, gaggle_order, founded))
    twice = [int(place[user]) for pair in people.same for user in pair]
    who, when = make_events(draws, people.created[order], twice, events, stop)
    write_csv(event_file, "event_id,user_id,event_name,timestamp", event_rows(draws, who, when, users))
    deals = make_deals(draws, companies, gaggles, people, number, stop)
    write_rows(deal_file, "close_date,amount,deal_name,deal_stage,email", deals)
    same = [(address(people, number, old), address(people, number, new)) for old, new in people.same]
    same[1:2] = [(old.title(), new) for old, new in same[1:2]]  # people type addresses as they like
    write_rows(same_file, "old_email,new_email", same)
    renamed = [(companies.domains[old], companies.domains[new]) for old, new in companies.renamed]
    write_rows(domain_file, "old_domain,new_domain", renamed)


def user_rows(people: People, number: Whole, order: Whole, gaggle_id: Whole) -> Iterator[tuple[Sequence[Column], int]]:
    """The rows of raw_user.csv."""
    given, family = texts(people.given_list), texts(people.family_list)
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        ids = np.arange(start, start + len(rows)) + first_id
        yield (
            [[digits(ids)], [given[people.given[rows]], b" ", family[people.family[rows]]],
             address_parts(people, number, rows), [digits(gaggle_id[people.gaggle[rows]])], stamps(people.created[rows])],
            len(rows),
        )  # fmt: skip


def gaggle_rows(gaggles: Gaggles, order: Whole, founded: Whole) -> Iterator[tuple[Sequence[Column], int]]:
    """The rows of raw_gaggle.csv."""
    ids = np.arange(len(order)) + first_id
    yield [[digits(ids)], [texts(gaggles.names)[order]], stamps(founded[order])], len(order)
