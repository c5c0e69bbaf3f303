"""The Polars peer: a city's year end as lazy queries on the streaming engine.

polars_peer.py ITEM --data DIR --out DIR --threads N
"""

import common
from with_polars.audit import audit
from with_polars.graduation import graduation
from with_polars.match import match
from with_polars.promotion import promotion
from with_polars.reading import text_files, workbooks
from with_polars.watch import watch

if __name__ == "__main__":
    watches = {item: watch(item) for item in common.WATCH_ITEMS}
    year_end = {"promotion": promotion, "graduation": graduation}
    common.run({**year_end, "workbooks": workbooks, "csv": text_files, "audit": audit, "match": match, **watches})
