"""School workbooks as Arrow tables, for the peers that can't open a workbook themselves.

fastexcel is the reader that Polars brings; DuckDB's own extension is a download that is not always within reach. Every cell arrives as
text, so that each peer says in its own language what a date, a grade or an id is.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import common
import fastexcel
import pyarrow

HEADER_WITHIN_ROWS = 8


def read_sheet(workbook: fastexcel.ExcelReader, name: str) -> pyarrow.Table:
    """One sheet: what stands below the row of headers, in the contract's columns, without what a school keeps beside them."""
    cells = workbook.load_sheet(name, header_row=None, dtypes="string").to_arrow()
    first_column = cells.column(0).slice(0, HEADER_WITHIN_ROWS).to_pylist()
    header_row = first_column.index("全国学籍号")
    headers = [column.slice(header_row, 1)[0].as_py() for column in cells.columns]
    place = {common.OTHER_HEADERS.get(header, header): position for position, header in enumerate(headers)}
    below = cells.slice(header_row + 1)
    columns = {header: below.column(place[header]).cast(pyarrow.string()) for header in common.SHEETS[name]}
    return pyarrow.table(columns)


def read_all(folder: Path, threads: int) -> dict[str, pyarrow.Table]:
    """Both sheets of every workbook, opened once, several workbooks side by side."""

    def read(path: Path) -> list[pyarrow.Table]:
        workbook = fastexcel.read_excel(path)
        return [read_sheet(workbook, name) for name in common.SHEETS]

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(read, common.workbooks_of(folder)))
    return {name: pyarrow.concat_tables(part[place] for part in parts) for place, name in enumerate(common.SHEETS)}
