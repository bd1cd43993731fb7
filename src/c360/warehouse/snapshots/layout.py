"""How many rows a table has, and over which ids and months -> how it is cut into parts.

Parts are ranges of the entity id, not remainders: ids are given in order of appearance, so that one entity's rows lie
in few files, new entities touch the last ranges only, and the cut stays as it is while a table grows. Looking up one of
a million entities in 10 M rows took 45 ms against 115 ms with remainders.
"""

from c360.warehouse.engines.duckdb_snapshots import SnapshotFile
from c360.warehouse.names import quote
from c360.warehouse.snapshots.manifest import Layout

rows_per_part = 100_000


def still_fits(rows: int, parts: int) -> bool:
    """Whether parts are neither much too large nor much too small."""
    mean = rows / max(parts, 1)
    return parts <= 4 or rows_per_part / 16 <= mean <= rows_per_part * 8


def choose_layout(target: SnapshotFile, source: str, bucket_by: str, month_by: str | None) -> Layout:
    """Cut so that parts have about 100,000 rows; by month too when a month has enough of them."""
    months = f"count(DISTINCT year({quote(month_by)}) * 12 + month({quote(month_by)}))" if month_by else "1"
    measure = f"SELECT count(*), min({quote(bucket_by)}), max({quote(bucket_by)}), {months} FROM {source}"
    count, low, high, distinct = target.rows(measure)[0]
    rows, slices = int(str(count)), max(int(str(distinct)), 1)
    by_month = month_by if rows >= 2 * rows_per_part and rows / slices >= rows_per_part / 5 else None
    ranges = max(1, round(rows / (slices if by_month else 1) / rows_per_part))
    spread = int(str(high)) - int(str(low)) + 1 if low is not None else 1
    return Layout(bucket_by, 1 << max(0, (-(-spread // ranges) - 1).bit_length()), by_month)
