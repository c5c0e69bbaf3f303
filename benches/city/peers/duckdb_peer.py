"""The DuckDB peer: a city's year end in SQL, step by step, as an analyst of the data office would write it.

duckdb_peer.py ITEM --data DIR --out DIR --threads N
"""

import common
from with_duckdb.audit import audit
from with_duckdb.graduation import graduation
from with_duckdb.match import match
from with_duckdb.promotion import promotion
from with_duckdb.reading import text_files, workbooks
from with_duckdb.watch import watch

if __name__ == "__main__":
    watches = {item: watch(item) for item in common.WATCH_ITEMS}
    year_end = {"promotion": promotion, "graduation": graduation}
    common.run({**year_end, "workbooks": workbooks, "csv": text_files, "audit": audit, "match": match, **watches})
