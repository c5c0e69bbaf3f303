"""Promotion in SQL, by section 4 of the rules.

Where a result of a senior is missing, the student is judged twice: once as if everything unknown were passed, once as if it were failed.
More failures never lead to a better outcome, so two equal answers decide and two different ones are `undetermined`. An outcome of null
says that this query does not answer for the student.
"""

from pathlib import Path

import common
import duckdb

from with_duckdb.tables import (
    POLICY,
    THIS_YEAR,
    connect,
    in_force,
    name_subjects,
    open_tables,
    read_applications,
    read_roster,
    words,
    write,
)


def read_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Repeats and retentions of earlier school years; a change that names no year belongs to the last one that had ended."""
    ended = " ".join(f"when 生效日期 >= date '{day}' then '{name}'" for day, name in POLICY.school_year_ends)
    connection.execute(
        f"""
        create temp table earlier as
        select * from (select 全国学籍号 as id, 异动类型 as kind, 年级 as grade, coalesce(学年, case {ended} end) as school_year
          from 学籍异动 where happened(生效日期) and 异动类型 in ('重读', '留级'))
        where school_year < {THIS_YEAR};
        create temp table away as select distinct 全国学籍号 as id from 学籍异动 where happened(生效日期) and 异动类型 in ('休学', '中断');
        """
    )


def senior_outcomes(connection: duckdb.DuckDBPyConnection) -> None:
    """A20.3 and A22.2 for the seniors who did not simply pass everything: best and worst case."""
    subjects = sorted({subject for grade in (10, 11) for subject in POLICY.annual_subjects[grade]})
    name_subjects(connection, "annual_name", subjects, junior=False)
    connection.execute("create temp table expected (grade integer, subject varchar)")
    for grade in (10, 11):
        connection.executemany("insert into expected values (?, ?)", [(grade, subject) for subject in POLICY.annual_subjects[grade]])
    limit = POLICY.senior_retentions_running
    running = [f"bool_or(grade = own_grade and school_year = '{year}')" for year in POLICY.earlier_school_years[:limit]]
    connection.execute(
        f"""
        create temp table senior as select id, grade from student where stage = 'senior' and not is_final;
        create temp table senior_result as
        select id, grade, 科目 as written, 学年总评 as result, case when happened(补考日期) or 补考日期 is null then 补考 end as makeup
        from 学年成绩 join senior on id = 全国学籍号 where 学年 = {THIS_YEAR};
        -- Most pass everything: they need no look at single subjects.
        create temp table troubled as
        with passed as (
          select id, bit_count(bit_or(1::bigint << place)) as subjects
          from senior_result join annual_name using (written) join expected using (grade, subject) where passes(result) group by id),
        wanted as (select grade, count(*) as subjects from expected group by grade)
        select senior.* from senior join wanted using (grade) left join passed using (id)
        where passed.subjects is null or passed.subjects < wanted.subjects;

        create temp table senior_case as
        with annual as (
          select id, subject, result, makeup from senior_result join annual_name using (written) where id in (select id from troubled)),
        examined as (
          select distinct id, subject from 学业水平考试 join troubled on id = 全国学籍号 join annual_name on written = 科目
          where 结果 = '合格' and 考次 in {words(common.CITY_SITTINGS)} and happened(考试日期)
            and school_year_begun(考试日期) = {POLICY.first_year} and subject in {words(POLICY.exam_replaces_makeup)}),
        exempted as (
          select distinct id, subject from exemption join annual_name using (written) where school_year = {THIS_YEAR}),
        subject_case as (
          select id, subject in {words(POLICY.senior_core)} as is_core, fails(result) as failed,
            not (passes(result) or coalesce(result = '免修', false) and exempted.id is not null) as not_passed,
            makeup is null as open, not (coalesce(makeup = '合格', false) or examined.id is not null) as unmended
          from troubled join expected using (grade) left join annual using (id, subject) left join examined using (id, subject)
            left join exempted using (id, subject)),
        counted as (
          select id, assumed,
            count(*) filter (counts) as failing,
            count(*) filter (counts and unmended and is_core) as core, count(*) filter (counts and unmended and not is_core) as others,
            count(*) filter (counts and unmended and is_core and not open) as core_lost,
            count(*) filter (counts and unmended and not is_core and not open) as others_lost
          from (select *, 'best' as assumed, failed as counts from subject_case union all select *, 'worst', not_passed from subject_case)
          group by id, assumed),
        judged as (
          select id, assumed, case
            when failing >= {POLICY.senior_retain_at_failing} then 'retain'
            when core = 0 and others <= {POLICY.senior_max_other_failing} then 'promote'
            when core_lost = 0 and others_lost <= {POLICY.senior_max_other_failing} then 'makeup_pending'
            else 'retain' end as outcome
          from counted)
        select id, max(outcome) filter (assumed = 'best') as best, max(outcome) filter (assumed = 'worst') as worst from judged group by id;

        -- A22.3, A37.2. A year that was wholly suspended is passed over, so of who was away the running years are left unsaid.
        create temp table retained_before as
        select id, coalesce({" and ".join(running)}, false) as is_running, bool_or(away.id is not null) as was_away,
          count(distinct school_year) filter (grade = own_grade) >= {limit} as is_often_here,
          count(distinct school_year) filter (grade >= {common.FIRST_GRADES["senior"]}) >= {POLICY.senior_retentions_total} as is_total
        from (select earlier.*, senior.grade as own_grade from earlier join senior using (id) where kind = '留级') left join away using (id)
        group by id;
        """
    )


def promotion(data: Path, out: Path, threads: int) -> int:
    """Everybody who is not in a final grade."""
    connection = connect(out, threads)
    open_tables(connection, data, "promotion")
    read_roster(connection, "小学入学年月 as primary_entry")
    read_applications(connection, ", happened(公示日期) and 公示结果 = '无异议' as unopposed")
    read_changes(connection)
    senior_outcomes(connection)
    in_time = f"school_year = {THIS_YEAR} and applied <= date '{POLICY.window_last_day}' and school_agreed and district_filed"
    repeats = (
        f"select id from earlier where kind = '重读' group by id having count(distinct school_year) >= {POLICY.compulsory_max_repeats}"
    )
    years = f"{POLICY.first_year} - year_of_entry(primary_entry) + 1 >= {POLICY.incomplete_after_school_years}"
    query = f"""
        with expelled as ({in_force("开除学籍")}),
        skipping as (select distinct id from application where matter = '跳级' and {in_time} and unopposed),
        repeating as (select distinct id from application where matter = '重读' and {in_time} and id not in ({repeats})),
        leaving as (select distinct id from application where matter = '肄业' and school_year = {THIS_YEAR} and school_agreed),
        reach as (
          select *, grade + 2 <= case stage when 'primary' then last_primary_grade
            when 'junior' then {common.LAST_JUNIOR_GRADE} else {common.LAST_SENIOR_GRADE} end as can_skip
          from student),
        seniors as (
          select id, coalesce(best, 'promote') as best, coalesce(worst, 'promote') as worst,
            coalesce(is_total or is_running and not was_away, false) as is_out, coalesce(was_away and is_often_here, false) as is_unsaid
          from senior left join senior_case using (id) left join retained_before using (id)),
        decided as (
          select id, case
            when is_final then null
            when stage = 'senior' and expelled.id is not null then
              if(grade = {POLICY.incomplete_from_grade} and (best = 'promote') <> (worst = 'promote'), 'undetermined', 'withdraw_auto')
            when stage <> 'senior' and leaving.id is not null and primary_entry is null then 'undetermined'
            when stage <> 'senior' and leaving.id is not null and {years} and away.id is not null then null
            when stage <> 'senior' and leaving.id is not null and {years} then 'incomplete'
            when skipping.id is not null and can_skip then 'skip'
            when stage <> 'senior' and repeating.id is not null then 'repeat'
            when stage <> 'senior' then 'promote'
            when best <> worst then 'undetermined'
            when best = 'retain' and is_out then 'withdraw_auto'
            when best = 'retain' and is_unsaid then null
            else best end as outcome
          from reach left join expelled using (id) left join skipping using (id) left join repeating using (id) left join leaving using (id)
            left join away using (id) left join seniors using (id))
        select id as student_id, outcome from decided
        union all select id, case status when '休学' then 'hold' when '在读' then null else 'undetermined' end
          from active where status is distinct from '在读' or grade is null
        union all select id, 'not_enrolled' from gone"""
    return write(connection, query, out / "promotion.parquet")
