"""The truancy rule in SQL (A34.3, A37.3): who has been away without leave for more than a month running or two in the term, is still
away, and was urged. Rows of attendance that are no absence are never looked at, which the rule allows and the whole watch does not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import common
import duckdb
import policy as policies

from with_duckdb.tables import open_tables, words

POLICY = policies.read_watch(date.fromisoformat(common.WATCH_DAY))
AS_OF = f"date '{POLICY.as_of}'"
LAST = len(POLICY.days) - 1


def watch(item: str) -> Callable[[Path, Path, int], int]:
    """The item for one form of attendance."""

    def run(data: Path, out: Path, threads: int) -> int:
        connection = duckdb.connect()
        connection.execute(f"set threads = {threads}; set preserve_insertion_order = false; set temp_directory = '{out}/spill'")
        open_tables(connection, data, item)
        days = ", ".join(f"({place}, date '{day}')" for place, day in enumerate(POLICY.days))
        connection.execute(f"create temp table days as select * from (values {days}) as days(place, day)")
        ranges = "开始日期, 结束日期" if item == "watch_exceptions" else "null::date as 开始日期, null::date as 结束日期"
        connection.execute(
            f"""
            create temp table suspended as
            select change.全国学籍号 as id, change.生效日期 as first, coalesce(
              (select min(back.生效日期) - 1 from 学籍异动 as back
                where back.全国学籍号 = change.全国学籍号 and back.异动类型 = '复学' and back.生效日期 between change.生效日期 and {AS_OF}),
              change.截止日期, {AS_OF}) as last
            from 学籍异动 as change where change.异动类型 = '休学' and change.区批准日期 <= {AS_OF} and change.生效日期 <= {AS_OF};

            create temp table truant as
            select distinct id, place from (select 全国学籍号 as id, 日期, {ranges} from 考勤 where 考勤 = '旷课') as rows
            join days on days.day between coalesce(rows.日期, rows.开始日期) and coalesce(rows.日期, rows.结束日期)
            where not exists (select 1 from suspended where suspended.id = rows.id and days.day between suspended.first and suspended.last);

            create temp table runs as
            select runs.*, ended.day >= begun.day + interval {POLICY.running_months} month as is_long from (
              select id, min(place) as first, max(place) as last, count(*) as number from (
                select id, place, place - row_number() over (partition by id order by place) as run from truant)
              group by id, run) as runs
            join days as begun on begun.place = first join days as ended on ended.place = last;

            create temp table long as select id from runs group by id having bool_or(is_long) or sum(number) >= {POLICY.total_days};

            -- Whoever has reached the threshold is few; only their other absences are looked at.
            create temp table away as
            select distinct id, place from (select 全国学籍号 as id, 日期, {ranges} from 考勤
              where 考勤 in {words(common.ABSENCES)} and 全国学籍号 in (select id from long)) as rows
            join days on days.day between coalesce(rows.日期, rows.开始日期) and coalesce(rows.日期, rows.结束日期)
            where not exists (select 1 from suspended where suspended.id = rows.id and days.day between suspended.first and suspended.last);

            create temp table reached as
            select id, min(first) as begin, sum(number) as total,
              min(runs.first) filter (is_long and coalesce(gone.since, {LAST + 1}) <= last + 1) as running, bool_or(is_long) as is_long,
              any_value(coalesce(gone.since, {LAST + 1})) as since
            from (select * from runs where id in (select id from long)) as runs
            left join (
              -- The place from which every school day is an absence: the days counted back from the last.
              select id, min(place) as since from (
                select id, place, {LAST} - place - (row_number() over (partition by id order by place desc) - 1) as gap
                from away) where gap = 0 group by id) as gone using (id)
            group by id;

            create temp table judged as
            select reached.*, roster.年级 as grade,
              (select place from (select place, row_number() over (order by place) as number from truant
                where truant.id = reached.id) where number = {POLICY.total_days}) as crossed,
              (select max(day) from away join days using (place) where away.id = reached.id) as last_away
            from reached join 学籍名册 as roster on roster.全国学籍号 = reached.id
            where roster.学籍状态 = '在读' and roster.就读方式 not in {words(common.TAUGHT_ELSEWHERE)}
              and not exists (select 1 from suspended where suspended.id = reached.id and {AS_OF} between first and last);
            """
        )
        grades = ", ".join(f"('{word}', {grade})" for word, grade in common.grade_words().items())
        return connection.execute(
            f"""
            copy (
              with still as (
                select *, least(running, case when crossed >= since then begin end) as since_place from judged),
              urged as (
                select still.id, count(distinct 督促日期) as number from still join days on days.place = still.since_place
                join 督促记录 as urging on urging.全国学籍号 = still.id and 督促日期 >= days.day and 督促日期 < still.last_away
                group by still.id)
              select still.id as student_id, case when since_place is null then 'back'
                when numbers.grade < {common.FIRST_GRADES["senior"]} then if(coalesce(number, 0) >= 1, 'interrupt', 'urge')
                else if(coalesce(number, 0) >= {POLICY.senior_contacts}, 'withdraw_auto', 'urge') end as outcome
              from still left join urged using (id) join (values {grades}) as numbers(word, grade) on numbers.word = still.grade::varchar
            ) to '{out}/{item}.parquet' (format parquet, compression zstd)"""
        ).fetchone()[0]

    return run
