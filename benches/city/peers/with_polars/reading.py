"""Workbooks and text files into typed Parquet with Polars."""

from pathlib import Path

import common
import polars as pl
import sheets
from polars import col, when

from with_polars.tables import write


def identity_holds(number: pl.Expr) -> pl.Expr:
    """Whether an id has its form and its check character."""
    digits = [number.str.slice(place + 1, 1).cast(pl.Int32, strict=False) * weight for place, weight in enumerate(common.IDENTITY_WEIGHTS)]
    check = (pl.sum_horizontal(digits, ignore_nulls=False) % 11).replace_strict(
        list(range(11)), list(common.CHECK_CHARACTERS), default=None, return_dtype=pl.String
    )
    return (number.str.contains(common.IDENTITY_PATTERN) & (check == number.str.slice(18, 1))).fill_null(False)


def typed(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Gives each column of a table of texts its type: the id trimmed and in capitals, dates and grades read."""
    columns = frame.collect_schema().names()
    changed = [col("全国学籍号").str.strip_chars().str.to_uppercase()]
    for column in common.DATE_COLUMNS[table]:
        compact, written = (
            col(column).str.to_date("%Y%m%d", strict=False),
            col(column).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        )
        changed.append(when(col(column).str.len_bytes() == 8).then(compact).otherwise(written).alias(column))
    if "年级" in columns:
        words = common.grade_words()
        changed.append(col("年级").replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.Int8))
    return frame.with_columns(changed).with_columns(id_ok=identity_holds(col("全国学籍号")))


def workbooks(data: Path, out: Path, threads: int) -> int:
    """The schools' workbooks as typed Parquet."""
    rows = 0
    for table, cells in sheets.read_all(data, threads).items():
        frame = pl.from_arrow(cells).lazy().filter(col(common.FILLED_COLUMNS[table]).is_not_null())
        rows += write(typed(table, frame), out / f"workbooks_{common.RESULT_FILES[table]}.parquet")
    return rows


def text_files(data: Path, out: Path, threads: int) -> int:
    """The text files as typed Parquet."""
    rows = 0
    for table in common.TEXT_ENCODINGS:
        files = common.in_utf8(data, table, out / "utf8", threads)
        frame = pl.scan_csv(files, infer_schema=False)
        rows += write(typed(table, frame), out / f"csv_{common.RESULT_FILES[table]}.parquet")
    return rows
