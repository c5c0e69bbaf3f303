"""The truancy rule as lazy queries (A34.3, A37.3): who has been away without leave for more than a month running or two in the term, is
still away, and was urged. Rows of attendance that are no absence are never looked at, which the rule allows and the whole watch does not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from with_polars.tables import ID, kept, tables, write  # noqa: I001  Sets the number of threads before Polars is imported.

import common
import policy as policies
import polars as pl
from polars import col, lit, when

POLICY = policies.read_watch(date.fromisoformat(common.WATCH_DAY))
LAST = len(POLICY.days) - 1


def watch(item: str) -> Callable[[Path, Path, int], int]:
    """The item for one form of attendance."""

    def run(data: Path, out: Path, _threads: int) -> int:
        # Of attendance all columns: exceptions have ranges.
        table = {**tables(data, item), "考勤": pl.scan_parquet(common.files_of(data, "考勤"))}
        days = pl.LazyFrame({"day": POLICY.days, "place": range(LAST + 1)}, schema={"day": pl.Date, "place": pl.Int32})
        def by_day(rows: pl.LazyFrame) -> pl.LazyFrame:
            """A row a student and school day, ranges drawn out."""
            single = rows.filter(col("日期").is_not_null()).select(ID, day=col("日期"))
            if item == "watch_exceptions":
                ranges = rows.filter(col("日期").is_null()).select(ID, "开始日期", "结束日期")
                ranges = ranges.with_columns(day=pl.date_ranges("开始日期", "结束日期")).explode("day").select("id", "day")
                single = pl.concat([single, ranges])
            absent = kept(single.unique().join(days, on="day"))
            within = absent.join(suspended, on="id").filter(col("day").is_between("first", "last")).select("id", "place").unique()
            return kept(absent.join(within, on=["id", "place"], how="anti"))

        changes = table["学籍异动"].filter(col("生效日期") <= POLICY.as_of)
        returns = changes.filter(col("异动类型") == "复学").select(ID, back=col("生效日期"))
        begun = changes.filter((col("异动类型") == "休学") & (col("区批准日期") <= POLICY.as_of)).select(ID, "截止日期", first=col("生效日期"))
        suspended = kept(
            begun.join(returns, on="id", how="left")
            .with_columns(back=when(col("back") >= col("first")).then(col("back")))
            .group_by("id", "first", "截止日期")
            .agg(col("back").min())
            .select("id", "first", last=pl.coalesce(col("back").dt.offset_by("-1d"), "截止日期", lit(POLICY.as_of)))
        )
        truant = by_day(table["考勤"].filter(col("考勤") == "旷课")).sort("id", "place")
        truant = truant.with_columns(number=pl.int_range(pl.len()).over("id"))
        runs = truant.group_by("id", run=col("place") - col("number")).agg(
            first=col("place").min(), last=col("place").max(), begun=col("day").min(), ended=col("day").max()
        )
        runs = runs.with_columns(is_long=col("ended") >= col("begun").dt.offset_by(f"{POLICY.running_months}mo"))
        # Whoever has reached the threshold is few; only their other absences are looked at.
        is_many = col("number").max() >= POLICY.total_days - 1
        long = pl.concat([runs.filter("is_long").select("id"), truant.group_by("id").agg(is_many=is_many).filter("is_many").select("id")])
        long = kept(long.unique())
        few = table["考勤"].filter(col("考勤").is_in(common.ABSENCES)).join(long, left_on="全国学籍号", right_on="id", how="semi")
        days_away = by_day(few)
        gone = (
            days_away.sort("place", descending=True)
            .with_columns(gap=LAST - col("place") - pl.int_range(pl.len()).over("id"))
            .filter(col("gap") == 0)
            .group_by("id")
            .agg(since=col("place").min())
        )
        crossed = truant.filter(col("number") == POLICY.total_days - 1).select("id", crossed="place")
        reached = (
            runs.join(gone, on="id", how="left")
            .with_columns(col("since").fill_null(LAST + 1))
            .group_by("id")
            .agg(
                begin=col("first").min(),
                running=col("first").filter(col("is_long") & (col("since") <= col("last") + 1)).min(),
                is_long=col("is_long").any(),
                since=col("since").first(),
            )
            .join(crossed, on="id", how="left")
            .filter(col("is_long") | col("crossed").is_not_null())
        )
        today = suspended.filter((col("first") <= POLICY.as_of) & (col("last") >= POLICY.as_of))
        roster = table["学籍名册"].filter((col("学籍状态") == "在读") & ~col("就读方式").is_in(common.TAUGHT_ELSEWHERE))
        grade = col("年级").cast(pl.String).replace_strict(common.grade_words(), default=None, return_dtype=pl.Int32)
        from_crossing = when(col("crossed") >= col("since")).then(col("begin"))
        judged = kept(
            reached.join(roster.select(ID, grade=grade), on="id")
            .join(today, on="id", how="anti")
            .join(days_away.group_by("id").agg(last_away=col("day").max()), on="id")
            .with_columns(place=pl.min_horizontal("running", from_crossing))
            .join(days.rename({"day": "from"}), on="place", how="left")
        )
        urged = (
            judged.join(table["督促记录"].select(ID, "督促日期"), on="id")
            .filter((col("督促日期") >= col("from")) & (col("督促日期") < col("last_away")))
            .group_by("id")
            .agg(number=col("督促日期").n_unique())
        )
        is_senior = col("grade") >= common.FIRST_GRADES["senior"]
        number = col("number").fill_null(0)
        outcome = (
            when(col("place").is_null())
            .then(lit("back"))
            .when(~is_senior & (number >= 1))
            .then(lit("interrupt"))
            .when(is_senior & (number >= POLICY.senior_contacts))
            .then(lit("withdraw_auto"))
            .otherwise(lit("urge"))
        )
        return write(judged.join(urged, on="id", how="left").select(student_id="id", outcome=outcome), out / f"{item}.parquet")

    return run
