"""The DuckDB peer: the work of a city's year end as SQL, step by step, as an analyst of the data office would write it.

Promotion follows section 4 of the rules and graduation section 5. Where a result is missing, a student is judged twice, once as if
everything unknown were passed and once as if it were failed; since more failures never lead to a better outcome, two equal answers
decide and two different ones are `undetermined`. An outcome of null says that this query does not answer for the student.
"""

from pathlib import Path

import common
import duckdb
import policy as policies
import sheets

POLICY = policies.read()
AS_OF = f"date '{POLICY.as_of}'"
THIS_YEAR = f"'{POLICY.school_year}'"


def words(values) -> str:
    """A list of words for SQL's `in`."""
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def connect(out: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory that may spill beside its results."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set preserve_insertion_order = false; set temp_directory = '{out}/spill'")
    connection.execute(
        f"""
        create macro school_year_begun(day) as year(day) - (month(day) < 9)::integer;
        create macro school_year_of(day) as printf('%d-%d', school_year_begun(day), school_year_begun(day) + 1);
        create macro happened(day) as coalesce(day <= {AS_OF}, false);
        create macro year_of_entry(month) as left(month, 4)::integer - (substr(month, 6, 2)::integer < 9)::integer;
        create macro passes(result) as coalesce(result in {words(POLICY.passing_words)} or try_cast(result as double) >= {POLICY.passing_mark}, false);
        create macro fails(result) as coalesce(result in {words(POLICY.failing_words)} or try_cast(result as double) < {POLICY.passing_mark}, false);
        """
    )
    return connection


def open_tables(connection: duckdb.DuckDBPyConnection, data: Path, item: str) -> None:
    """Makes each table of the item a view over its files; a table that the city does not have is empty."""
    types = {"text": "varchar", "number": "integer", "date": "date"}
    for table, columns in common.COLUMNS_READ[item].items():
        files = [str(path) for path in common.files_of(data, table)]
        if files:
            connection.execute(f'create view "{table}" as select * from read_parquet({files})')
        else:
            empty = ", ".join(f'null::{types[common.kind_of(column)]} as "{column}"' for column in columns)
            connection.execute(f'create view "{table}" as select {empty} where false')


def write(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Writes a query's rows to Parquet and says how many there are."""
    return connection.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)").fetchone()[0]


def name_subjects(connection: duckdb.DuckDBPyConnection, table: str, subjects, junior: bool) -> None:
    """A table of the names under which subjects stand in the files, so that one join keeps the wanted rows and names them."""
    written = [(subject, subject, place) for place, subject in enumerate(subjects)]
    names = POLICY.subject_names(junior)
    written = [row for row in written if names.get(row[0], row[0]) == row[0]]
    written += [(name, subject, subjects.index(subject)) for name, subject in names.items() if subject in subjects]
    connection.execute(f"create temp table {table} (written varchar, subject varchar, place integer)")
    connection.executemany(f"insert into {table} values (?, ?, ?)", written)


def read_roster(connection: duckdb.DuckDBPyConnection, columns: str) -> None:
    """One row for each student who is active, and the ids of those who are in no active row."""
    six_years = " or ".join(f"学制 like '%{word}%'" for word in common.SIX_YEAR_PRIMARY_WORDS)
    connection.execute(
        f"""
        create temp table roster as
        with school as (select 学校代码, bool_or({six_years}) as has_six_years from 学校名录 group by 学校代码)
        select 全国学籍号 as id, 年级 as grade, 学籍状态 as status, case when has_six_years then 6 else 5 end as last_primary_grade, {columns}
        from 学籍名册 left join school using (学校代码) where 全国学籍号 is not null;
        create temp table active as select * from roster where status is null or status not in {words(common.LEFT_SCHOOL)};
        create temp table gone as
        select distinct id from roster where status in {words(common.LEFT_SCHOOL)} and id not in (select id from active);
        create temp table student as
        select *, case when grade <= last_primary_grade then 'primary' when grade <= {common.LAST_JUNIOR_GRADE} then 'junior' else 'senior' end as stage,
          grade in (last_primary_grade, {common.LAST_JUNIOR_GRADE}, {common.LAST_SENIOR_GRADE}) as is_final
        from active where status = '在读' and grade is not null;
        """
    )


def read_applications(connection: duckdb.DuckDBPyConnection, more: str = "") -> None:
    """The applications made, each with the school year it is for, and the exemptions that stand (A23)."""
    months = POLICY.exemption_certificate_months
    connection.execute(
        f"""
        create temp table application as
        select 全国学籍号 as id, 申请事项 as matter, coalesce(学年, school_year_of(申请日期)) as school_year, 申请日期 as applied,
          case 申请事项 when '体育免修' then coalesce(科目, '{POLICY.physical_education}') else 科目 end as written,
          happened(学校同意日期) as school_agreed, happened(区备案日期) as district_filed, 证明日期 as certified {more}
        from 申请 where happened(申请日期);
        create temp table exemption as
        select distinct id, written, school_year from application
        where school_agreed and district_filed and (matter = '免修' or matter = '体育免修' and certified <= {AS_OF}
          and certified <= applied and applied <= certified + interval {months} month);
        """
    )


def in_force(measure: str) -> str:
    """The students under a disciplinary measure (A41)."""
    return f"""select distinct 全国学籍号 as id from 处分 where 处分类型 = '{measure}' and happened(处分日期) and happened(会议通过日期)
        and happened(区报备日期) and not happened(撤销日期)"""


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
    running = [f"bool_or(grade = own_grade and school_year = '{year}')" for year in POLICY.earlier_school_years[: POLICY.senior_retentions_running]]
    connection.execute(
        f"""
        create temp table senior as select id, grade from student where stage = 'senior' and not is_final;
        -- Most pass everything: they need no look at single subjects.
        create temp table troubled as
        with passed as (
          select id, bit_count(bit_or(1::bigint << place)) as subjects
          from 学年成绩 join senior on id = 全国学籍号 join annual_name on written = 科目 join expected using (grade, subject)
          where 学年 = {THIS_YEAR} and passes(学年总评) group by id),
        wanted as (select grade, count(*) as subjects from expected group by grade)
        select senior.* from senior join wanted using (grade) left join passed using (id)
        where passed.subjects is null or passed.subjects < wanted.subjects;

        create temp table senior_case as
        with result as (
          select id, subject, 学年总评 as result, case when happened(补考日期) or 补考日期 is null then 补考 end as makeup
          from 学年成绩 join troubled on id = 全国学籍号 join annual_name on written = 科目 where 学年 = {THIS_YEAR}),
        examined as (
          select distinct id, subject from 学业水平考试 join troubled on id = 全国学籍号 join annual_name on written = 科目
          where 结果 = '合格' and 考次 in {words(common.CITY_SITTINGS)} and happened(考试日期) and school_year_begun(考试日期) = {POLICY.first_year}
            and subject in {words(POLICY.exam_replaces_makeup)}),
        exempted as (
          select distinct id, subject from exemption join annual_name using (written) where school_year = {THIS_YEAR}),
        subject_case as (
          select id, subject in {words(POLICY.senior_core)} as is_core, fails(result) as failed,
            not (passes(result) or coalesce(result = '免修', false) and exempted.id is not null) as not_passed,
            makeup is null as open, not (coalesce(makeup = '合格', false) or examined.id is not null) as unmended
          from troubled join expected using (grade) left join result using (id, subject) left join examined using (id, subject)
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
        select id, coalesce({" and ".join(running)}, false) as is_running, count(distinct school_year) filter (grade = own_grade) >= {POLICY.senior_retentions_running} as is_often_here,
          count(distinct school_year) filter (grade >= {common.FIRST_GRADES["senior"]}) >= {POLICY.senior_retentions_total} as is_total, bool_or(away.id is not null) as was_away
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
    repeats = f"select id from earlier where kind = '重读' group by id having count(distinct school_year) >= {POLICY.compulsory_max_repeats}"
    years = f"{POLICY.first_year} - year_of_entry(primary_entry) + 1 >= {POLICY.incomplete_after_school_years}"
    query = f"""
        with expelled as ({in_force("开除学籍")}),
        skipping as (select distinct id from application where matter = '跳级' and {in_time} and unopposed),
        repeating as (select distinct id from application where matter = '重读' and {in_time} and id not in ({repeats})),
        leaving as (select distinct id from application where matter = '肄业' and school_year = {THIS_YEAR} and school_agreed),
        reach as (
          select *, case stage when 'primary' then last_primary_grade when 'junior' then {common.LAST_JUNIOR_GRADE} else {common.LAST_SENIOR_GRADE} end
            >= grade + 2 as can_skip from student),
        seniors as (
          select id, coalesce(best, 'promote') as best, coalesce(worst, 'promote') as worst,
            coalesce(is_total or is_running and not was_away, false) as is_out, coalesce(was_away and is_often_here, false) as is_unsaid
          from senior left join senior_case using (id) left join retained_before using (id)),
        decided as (
          select id, case
            when is_final then null
            when stage = 'senior' and expelled.id is not null then
              case when grade = {POLICY.incomplete_from_grade} and (best = 'promote') <> (worst = 'promote') then 'undetermined' else 'withdraw_auto' end
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


def moral_case(connection: duckdb.DuckDBPyConnection) -> None:
    """A24.6 and the practice of A24.3: each condition as it is known, best and worst."""
    best = {column: f"not coalesce({column} in {words(common.STANDARD_MISSED)}, false)" for column in ("研究型课程", "拓展型课程", "志愿服务", "军事训练", "农村社会实践")}
    worst = {column: f"coalesce({column} in {words(common.STANDARD_REACHED)}, false)" for column in best}
    weeks, reports = f"社会实践周数 >= {POLICY.social_practice_weeks}", f"研究性学习报告数 >= {POLICY.research_reports}"

    def practice(column: dict[str, str], unknown: str) -> str:
        waivable = " and ".join(column[name] for name in ("志愿服务", "农村社会实践"))
        firm = " and ".join(column[name] for name in ("研究型课程", "拓展型课程", "军事训练"))
        return f"{firm} and (is_waived or {waivable}) and coalesce({weeks}, {unknown}) and coalesce({reports}, {unknown})"

    connection.execute(
        f"""
        create temp table stage_case as
        with waived as (
          select distinct id from application join finalist using (id)
          where matter = '社会实践豁免' and school_agreed and district_filed and left(school_year, 4)::integer between stage_from and {POLICY.first_year}),
        criminal as (
          select distinct id from 综合素质评价 join finalist on id = 全国学籍号
          where 犯罪记录 = '是' and left(学年, 4)::integer between stage_from and {POLICY.first_year}),
        evaluated as (
          select finalist.id, 思想品德与行为规范 as moral, criminal.id is not null as has_record, waived.id is not null as is_waived, evaluation.* exclude (全国学籍号)
          from finalist left join (select * from 综合素质评价 where 学年 = {THIS_YEAR}) as evaluation on finalist.id = evaluation.全国学籍号
            left join waived using (id) left join criminal using (id))
        select id, not has_record and not coalesce(moral in {words(POLICY.failing_words + common.STANDARD_MISSED)}, false) as moral_best,
          not has_record and coalesce(moral in {words(POLICY.moral_passing_words)}, false) as moral_worst,
          {practice(best, "true")} as practice_best, {practice(worst, "false")} as practice_worst
        from evaluated;
        """
    )


def junior_case(connection: duckdb.DuckDBPyConnection) -> None:
    """A24.2: everything passed, or the core passed and few others failed."""
    name_subjects(connection, "junior_name", POLICY.junior_exam, junior=True)
    every_name = POLICY.subject_names(junior=True)
    other_names = " ".join(f"when '{name}' then '{subject}'" for name, subject in every_name.items())
    everything = (1 << len(POLICY.junior_exam)) - 1
    connection.execute(
        f"""
        create temp table junior as select id, exams_from from finalist where stage = 'junior';
        create temp table junior_troubled as
        with passed as (
          select id, bit_or(1 << place) as subjects from 学业水平考试 join junior on id = 全国学籍号 join junior_name on written = 科目
          where 结果 = '合格' and happened(考试日期) and school_year_begun(考试日期) >= exams_from group by id)
        select junior.* from junior left join passed using (id) where coalesce(subjects, 0) <> {everything};

        create temp table junior_case as
        with sitting as (
          select id, subject, 结果 as result, school_year_of(考试日期) as school_year
          from 学业水平考试 join junior_troubled on id = 全国学籍号 join junior_name on written = 科目
          where happened(考试日期) and school_year_begun(考试日期) >= exams_from),
        sat as (select id, subject, bool_or(result = '合格') as passed from sitting where result <> '免考' group by id, subject),
        physical as (select distinct id, school_year from exemption join junior_name using (written) where subject = '{POLICY.physical_education}'),
        excused as (
          select id from physical where school_year = {THIS_YEAR}
          union select id from sitting join physical using (id, school_year) where subject = '{POLICY.physical_education}' and result = '免考'),
        exam_case as (
          select id, subject in {words(POLICY.junior_core)} as is_core, subject = '{POLICY.physical_education}' and excused.id is not null as is_excused,
            not is_excused and coalesce(not passed, false) as failed, not is_excused and not coalesce(passed, false) as not_passed
          from junior_troubled cross join (select distinct subject from junior_name) left join sat using (id, subject) left join excused using (id)),
        written_result as (
          select id, case 科目 {other_names} else 科目 end as subject, 学年总评 as result,
            case when happened(补考日期) or 补考日期 is null then 补考 end as makeup
          from 学年成绩 join junior_troubled on id = 全国学籍号 where 学年 = {THIS_YEAR}),
        exempted as (
          select distinct id, case written {other_names} else written end as subject from exemption where school_year = {THIS_YEAR}),
        other_result as (
          select r.id, subject, fails(result) and makeup is distinct from '合格' as failed,
            not passes(result) and not coalesce(result = '免修' and x.id is not null, false) and makeup is distinct from '合格' as not_passed
          from written_result r left join exempted x using (id, subject)
          where subject not in {words(POLICY.junior_exam)} and (result is not null or subject in {words(POLICY.annual_subjects[9])})),
        missing_result as (
          select id, subject from junior_troubled cross join (select unnest({list(POLICY.annual_subjects[9])}) as subject)
          where (id, subject) not in (select (id, subject) from other_result)),
        counted as (
          select id, bool_or(failed) as any_failed, bool_or(not_passed) as any_not_passed, bool_or(failed and is_core) as core_failed, bool_or(not_passed and is_core) as core_not_passed,
            count(*) filter (failed and not is_core) as others_failed, count(*) filter (not_passed and not is_core) as others_not_passed
          from exam_case group by id),
        others as (
          select id, count(*) filter (failed) as failed, count(*) filter (not_passed) as not_passed
          from (select id, failed, not_passed from other_result union all select id, false, true from missing_result) group by id)
        select id, not any_failed or not core_failed and others_failed + coalesce(failed, 0) <= {POLICY.junior_max_other_failing} as best,
          not any_not_passed or not core_not_passed and others_not_passed + coalesce(not_passed, 0) <= {POLICY.junior_max_other_failing} as worst
        from counted left join others using (id);
        """
    )


def senior_case(connection: duckdb.DuckDBPyConnection) -> None:
    """A24.3, A24.4 and A24.5 as far as subjects go. Who passed all ten in the city is done, unless a class assesses them as well."""
    name_subjects(connection, "senior_name", POLICY.senior_exam, junior=False)
    needed = " ".join(f"when '{subject}' then {number}" for subject, number in POLICY.failed_sittings_before_school_makeup.items())
    most = max(POLICY.failed_sittings_before_school_makeup.values())
    everything = (1 << len(POLICY.senior_exam)) - 1
    cases = ("best", "worst")

    def conditions(case: str) -> str:
        required = f"subject not in {words(POLICY.athlete_required)}"
        return f"""bool_and(passed_{case}) as all_{case},
          count(*) filter (passed_{case}) >= {POLICY.athlete_min_subjects} and bool_and(passed_{case} or {required}) as athlete_{case},
          bool_and(case when is_city then passed_{case} else assessed_{case} end) as class_{case}"""

    connection.execute(
        f"""
        create temp table finalist_senior as select id, exams_from, is_foreign, is_class from finalist where stage = 'senior';
        create temp table senior_troubled as
        with passed as (
          select id, bit_or(1 << place) as subjects from 学业水平考试 join finalist_senior on id = 全国学籍号 join senior_name on written = 科目
          where 结果 = '合格' and 考次 in {words(common.CITY_SITTINGS)} and happened(考试日期) and school_year_begun(考试日期) >= exams_from group by id)
        select s.* from finalist_senior s left join passed using (id) where is_class or coalesce(subjects, 0) <> {everything};

        create temp table senior_case as
        with sitting as (
          select id, subject, 考次 in {words(common.CITY_SITTINGS)} as is_city, 考试日期 as day, 结果 as result
          from 学业水平考试 join senior_troubled on id = 全国学籍号 join senior_name on written = 科目
          where 结果 <> '免考' and happened(考试日期) and school_year_begun(考试日期) >= exams_from),
        city as (
          select id, subject, bool_or(result = '合格') as passed, min(day, {most}) filter (result <> '合格') as failed_days
          from sitting where is_city group by id, subject),
        makeup as (
          select id, subject, arg_min(result, day) = '合格' as passed
          from sitting join city using (id, subject) where not is_city and day > failed_days[case subject {needed} end] group by id, subject),
        assessed as (
          select id, coalesce(subject, 科目) as subject, max(考核结果) as result
          from 校本考核 join senior_troubled on id = 全国学籍号 left join senior_name on written = 科目 group by all),
        further as (
          select id, bool_and(not coalesce(result in {words(common.STANDARD_MISSED)}, false)) as best, bool_and(coalesce(result in {words(common.STANDARD_REACHED)}, false)) as worst
          from assessed where subject not in {words(POLICY.senior_exam)} group by id),
        weighed as (
          select s.id, subject, subject in {words(POLICY.international_city)} as is_city, city.id is not null as was_sat,
            coalesce(city.passed, false) or coalesce(makeup.passed, false) as exam_passed,
            not coalesce(assessed.result in {words(common.STANDARD_MISSED)}, false) as assessed_best,
            coalesce(assessed.result in {words(common.STANDARD_REACHED)}, false) as assessed_worst, is_foreign, is_class
          from senior_troubled s cross join (select distinct subject from senior_name) left join city using (id, subject)
            left join makeup using (id, subject) left join assessed using (id, subject)),
        subject_case as (
          select *, case when was_sat then exam_passed when is_foreign then assessed_best else is_city or not is_class end as passed_best,
            case when was_sat then exam_passed when is_foreign then assessed_worst else false end as passed_worst
          from weighed)
        select id, {", ".join(conditions(case) for case in cases)}, any_value(further.best) as further_best, any_value(further.worst) as further_worst
        from subject_case left join further using (id) group by id;
        """
    )


def graduation(data: Path, out: Path, threads: int) -> int:
    """Everybody who is in a final grade."""
    connection = connect(out, threads)
    open_tables(connection, data, "graduation")
    read_roster(connection, "入学年月 as entry, 学生类别 as category, 证件类型 as document, \"国籍/地区\" as nationality")
    read_applications(connection)
    chinese = " or ".join(f"nationality like '%{word}%'" for word in common.CHINESE_WORDS)
    connection.execute(
        f"""
        create temp table finalist as
        with begun as (
          select *, {POLICY.first_year} - (grade - case stage when 'primary' then 1 when 'junior' then last_primary_grade + 1 else {common.FIRST_GRADES["senior"]} end)
            as implied from student where is_final)
        select id, stage, coalesce(year_of_entry(entry), implied) as stage_from, least(coalesce(year_of_entry(entry), implied), implied) as exams_from,
          coalesce(category = '{common.INTERNATIONAL_CLASS}', false) as is_class,
          case when nationality is not null then not ({chinese})
            when id like 'G%' and coalesce(document like '%居民身份证%', true) then false end as is_foreign
        from begun;
        """
    )
    moral_case(connection)
    junior_case(connection)
    senior_case(connection)

    def certificate(case: str) -> str:
        by_class = f"(is_class and class_{case} and coalesce(further_{case}, true))"
        ordinary, athlete = f"(coalesce(all_{case}, true) and practice_{case})", f"(is_athlete and coalesce(athlete_{case}, true))"
        return f"""case when not moral_{case} then '结业' when {by_class} or {ordinary} or {athlete} then
            case when is_foreign then 'GI' when {by_class} then 'GJ' when {ordinary} then '毕业' else 'GT' end else '结业' end"""

    query = f"""
        with expelled as ({in_force("开除学籍")}), on_probation as ({in_force("留校察看")}),
        athlete as (
          select distinct id from 学生运动员确认 join finalist on id = 全国学籍号 join application using (id)
          where happened(体育部门确认日期) and happened(教育部门确认日期) and matter = '学生运动员证书'
            and left(school_year, 4)::integer between stage_from and {POLICY.first_year}),
        known as (
          select f.*, c.* exclude (id), s.* exclude (id), coalesce(j.best, true) as junior_best, coalesce(j.worst, true) as junior_worst,
            athlete.id is not null as is_athlete, expelled.id is not null as is_expelled, on_probation.id is not null as is_on_probation
          from finalist f join stage_case c using (id) left join junior_case j using (id) left join senior_case s using (id)
            left join athlete using (id) left join expelled using (id) left join on_probation using (id)),
        certified as (
          select id, stage, is_foreign, is_expelled, is_on_probation,
            case stage when 'senior' then {certificate("best")} when 'junior' then if(moral_best and junior_best, '毕业', '结业') else if(moral_best, '毕业', '结业') end as best,
            case stage when 'senior' then {certificate("worst")} when 'junior' then if(moral_worst and junior_worst, '毕业', '结业') else if(moral_worst, '毕业', '结业') end as worst
          from known)
        select id as student_id, case
            when stage = 'senior' and is_expelled then 'withdraw_auto'
            when stage = 'senior' and is_on_probation then 'complete'
            when stage = 'senior' and is_foreign is null then null
            when best <> worst then 'undetermined' when best = '结业' then 'complete' else 'graduate' end as outcome
        from certified
        union all select id, null from student where not is_final
        union all select id, case status when '休学' then 'hold' when '在读' then null else 'undetermined' end
          from active where status is distinct from '在读' or grade is null
        union all select id, 'not_enrolled' from gone"""
    return write(connection, query, out / "graduation.parquet")


def identity_holds(column: str) -> str:
    """Whether an id has its form and its check character."""
    total = " + ".join(f"(ascii(substr({column}, {place + 2}, 1)) - 48) * {weight}" for place, weight in enumerate(common.IDENTITY_WEIGHTS))
    check = f"substr('{common.CHECK_CHARACTERS}', ({total}) % 11 + 1, 1) = substr({column}, 19, 1)"
    return f"coalesce(regexp_matches({column}, '{common.IDENTITY_PATTERN}') and {check}, false)"


def typed(table: str, columns, source: str) -> str:
    """A query that gives each column of a table of texts its type: the id trimmed and in capitals, dates and grades read."""
    grade = " ".join(f"when '{word}' then {number}" for word, number in common.grade_words().items())
    chosen = []
    for column in columns:
        text = f'"{column}"'
        if column == "全国学籍号":
            text = f"upper(trim({text}))"
        elif column in common.DATE_COLUMNS[table]:
            text = f"case when length({text}) = 8 then try_strptime({text}, '%Y%m%d')::date else try_cast(left({text}, 10) as date) end"
        elif column == "年级":
            text = f"(case {text} {grade} end)::tinyint"
        chosen.append(f'{text} as "{column}"')
    return f"select *, {identity_holds('全国学籍号')} as id_ok from (select {', '.join(chosen)} from {source})"


def workbooks(data: Path, out: Path, threads: int) -> int:
    """The schools' workbooks as typed Parquet."""
    connection = connect(out, threads)
    rows = 0
    for table, cells in sheets.read_all(data, threads).items():
        connection.register("cells", cells)
        source = f'cells where "{common.FILLED_COLUMNS[table]}" is not null'
        rows += write(connection, typed(table, common.SHEETS[table], source), out / f"workbooks_{common.RESULT_FILES[table]}.parquet")
    return rows


def text_files(data: Path, out: Path, threads: int) -> int:
    """The text files as typed Parquet."""
    connection = connect(out, threads)
    rows = 0
    for table in common.TEXT_ENCODINGS:
        files = [str(file) for file in common.in_utf8(data, table, out / "utf8", threads)]
        read = f"read_csv({files}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')"
        columns = [name for name, *_ in connection.execute(f"describe select * from {read}").fetchall()]
        rows += write(connection, typed(table, columns, read), out / f"csv_{common.RESULT_FILES[table]}.parquet")
    return rows


if __name__ == "__main__":
    common.run({"promotion": promotion, "graduation": graduation, "workbooks": workbooks, "csv": text_files})
