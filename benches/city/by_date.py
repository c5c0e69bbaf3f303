"""The daily attendance of a city in the order of its dates, as a system that writes day by day would hand it over.

    by_date.py --source DIR --out DIR --days one|each

In one file, a day a row group, or in a file a day; of each day in the order of the ids.
"""

import argparse
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet

ATTENDANCE = "考勤"
ROW_GROUP = 1 << 20


def main() -> None:
    """Sorts, day by day, so that no more than a day is held."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--source", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--days", choices=("one", "each"), required=True)
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    files = f"read_parquet('{chosen.source}/*/{ATTENDANCE}.parquet')"
    # Where a range stands for several days, the day that it begins on is as good as another: of the daily form there is none.
    days = [day for (day,) in duckdb.execute(f"select distinct 日期 from {files} where 日期 is not null order by 1").fetchall()]
    writer = None
    for day in days:
        table = duckdb.sql(f"select 全国学籍号, 日期, 考勤 from {files} where 日期 = date '{day}' order by 全国学籍号").to_arrow_table()
        if chosen.days == "each":
            parquet.write_table(table, chosen.out / f"{ATTENDANCE}-{day}.parquet", compression="zstd", row_group_size=ROW_GROUP)
            continue
        writer = writer or parquet.ParquetWriter(chosen.out / f"{ATTENDANCE}.parquet", table.schema, compression="zstd")
        writer.write_table(table, row_group_size=ROW_GROUP)
    if writer:
        writer.close()


if __name__ == "__main__":
    main()
