"""What of the audit is one query a clause: stages of Shanghai numbers (A4), the age of entry (A5), numbers that two share (A9.2), records that
were not checked this term (A45.3), archives that lack a part (A43.1). A row a student and finding."""

from datetime import date
from pathlib import Path

import common
import duckdb
import policy as policies

from with_duckdb.tables import open_tables, words

POLICY = policies.read_audit(date.fromisoformat(common.AUDIT_DAY))


def audit(data: Path, out: Path, threads: int) -> int:
    """The findings of the five clauses."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set preserve_insertion_order = false; set temp_directory = '{out}/spill'")
    open_tables(connection, data, "audit")
    connection.execute(
        """
        create temp table active as
        select distinct 全国学籍号 as id, 上海市学籍号 as number, 出生日期 as birth, 年级::integer as grade, 小学入学年月 as entered, 信息核对日期 as checked
        from 学籍名册 where 学籍状态 in ('在读', '休学') and 全国学籍号 is not null
        """
    )
    return connection.execute(
        f"""
        copy (
          select 'F0401' as code, id as student_id from active
          where regexp_full_match(number, '310[0-9]{{7}}[1-4][0-9]{{8}}')
            and substr(number, 11, 1) <> case when grade <= 5 then '1' when grade <= 9 then '2' else '3' end
            and not (substr(number, 11, 1) = '4' and grade <= 9)
          union all
          select 'F0501', id from active
          where birth + interval {POLICY.entry_years} year
            > make_date(left(entered, 4)::integer - (substr(entered, 6, 2)::integer < 9)::integer, {POLICY.entry_month}, {POLICY.entry_day})
          union all
          select 'F0902', unnest(ids[2:]) from (
            select list(distinct id order by id) as ids from active where length(number) = 19 group by number) where len(ids) > 1
          union all
          select 'F1001', id from active where try_cast(checked as date) < date '{POLICY.term_begun}' or checked is null
          union all
          select 'F4301', id from active left join (
            select 全国学籍号 as id, count(distinct 材料类别) filter (材料类别 in {words(POLICY.archive_parts)}) as parts
            from 档案清单 group by all) using (id)
          where coalesce(parts, 0) < {len(POLICY.archive_parts)}
        ) to '{out}/audit.parquet' (format parquet, compression zstd)"""
    ).fetchone()[0]
