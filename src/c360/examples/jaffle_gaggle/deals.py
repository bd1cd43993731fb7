"""Companies and users in; the deals of the sales team out."""

from datetime import UTC, datetime

import numpy as np

from c360.examples.draws import Draws, Whole
from c360.examples.jaffle_gaggle.gaggles import Companies, Gaggles
from c360.examples.jaffle_gaggle.people import People, address


def make_deals(
    draws: Draws, companies: Companies, gaggles: Gaggles, people: People, number: Whole, end: int
) -> list[tuple[str, ...]]:
    """One deal with each of some companies: of 123 are 62 won (20 of them enterprise) and 61 lost (13 enterprise).

    The contact is the first user of the company's first gaggle, in small letters as a CRM keeps addresses.
    """
    count = companies.own * 123 // 581
    won = -(-count * 62 // 123)
    large = [won * 20 // 62, (count - won) * 13 // 61]
    first = np.cumsum(gaggles.size) - gaggles.size
    heads = np.flatnonzero((gaggles.nth == 0) & (gaggles.company >= 0))
    heads = heads[draws.order("deals", len(heads))][:count]
    wait = draws.below("deal date", 21 * 86_400, count).tolist()
    deals = []
    for nth, gaggle in enumerate(heads.tolist()):
        user, stage = int(first[gaggle]), "Won" if nth < won else "Lost"
        is_large = (nth if nth < won else nth - won) < large[nth >= won]
        closed = datetime.fromtimestamp(min(int(people.created[user]) + wait[nth], end - 1), UTC).strftime("%Y-%m-%d")
        name = f"{companies.names[int(gaggles.company[gaggle])]} - {'Enterprise' if is_large else 'Business'} Deal"
        deals.append((closed, "$40,000" if is_large else "$10,000", name, stage, address(people, number, user)))
    return sorted(deals, key=lambda deal: (deal[0], deal[2]))
