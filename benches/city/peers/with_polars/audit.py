"""What of the audit is one query a clause: stages of Shanghai numbers (A4), the age of entry (A5), numbers that two share (A9.2), records that
were not checked this term (A45.3), archives that lack a part (A43.1). A row a student and finding."""

from datetime import date
from pathlib import Path

from with_polars.tables import ID, kept, tables, write, year_of_entry  # noqa: I001  Sets the number of threads before Polars is imported.

import common
import policy as policies
import polars as pl
from polars import col, lit, when

POLICY = policies.read_audit(date.fromisoformat(common.AUDIT_DAY))


def audit(data: Path, out: Path, _threads: int) -> int:
    """The findings of the five clauses."""
    table = tables(data, "audit")
    active = table["学籍名册"].filter(col("学籍状态").is_in(["在读", "休学"]) & col("全国学籍号").is_not_null())
    active = kept(active.select(ID, "上海市学籍号", "出生日期", "年级", "小学入学年月", "信息核对日期").unique())
    digit = col("上海市学籍号").str.slice(10, 1)
    stage = when(col("年级") <= 5).then(lit("1")).when(col("年级") <= 9).then(lit("2")).otherwise(lit("3"))
    is_whole = col("上海市学籍号").str.contains("^310[0-9]{7}[1-4][0-9]{8}$")
    other_stage = active.filter(is_whole & (digit != stage) & ~((digit == "4") & (col("年级") <= 9)))
    entered = pl.date(year_of_entry("小学入学年月"), POLICY.entry_month, POLICY.entry_day)
    too_young = active.filter(col("出生日期").dt.offset_by(f"{POLICY.entry_years}y") > entered)
    numbered = active.filter(col("上海市学籍号").str.len_chars() == 19).group_by("上海市学籍号").agg(col("id").unique().sort())
    shared = numbered.filter(col("id").list.len() > 1).select(col("id").list.slice(1)).explode("id")
    checked = col("信息核对日期").str.to_date("%Y-%m-%d", strict=False)
    unchecked = active.filter((checked < POLICY.term_begun) | col("信息核对日期").is_null())
    parts = table["档案清单"].filter(col("材料类别").is_in(POLICY.archive_parts)).group_by(ID).agg(parts=col("材料类别").n_unique())
    lacking = active.select("id").join(parts, on="id", how="left").filter(col("parts").fill_null(0) < len(POLICY.archive_parts))
    found = {"F0401": other_stage, "F0501": too_young, "F0902": shared, "F1001": unchecked, "F4301": lacking}
    return write(pl.concat([frame.select(code=lit(code), student_id="id") for code, frame in found.items()]), out / "audit.parquet")
