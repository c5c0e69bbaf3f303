"""Graduation in SQL, by section 5 of the rules; what is unknown is taken as passed once and as failed once, as in promotion."""

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


def reaches(column: str) -> str:
    """Whether a standard is reached for certain."""
    return f"coalesce({column} in {words(common.STANDARD_REACHED)}, false)"


def misses(column: str) -> str:
    """Whether a standard is missed for certain."""
    return f"coalesce({column} in {words(common.STANDARD_MISSED)}, false)"


def of_the_stage(school_year: str) -> str:
    """Whether a school year is one of the student's stage."""
    return f"left({school_year}, 4)::integer between stage_from and {POLICY.first_year}"


def moral_case(connection: duckdb.DuckDBPyConnection) -> None:
    """A24.6 and the practice of A24.3: each condition as it is known, best and worst."""
    firm, waivable = ("研究型课程", "拓展型课程", "军事训练"), ("志愿服务", "农村社会实践")
    best = {column: f"not {misses(column)}" for column in firm + waivable}
    worst = {column: reaches(column) for column in firm + waivable}
    weeks, reports = f"社会实践周数 >= {POLICY.social_practice_weeks}", f"研究性学习报告数 >= {POLICY.research_reports}"

    def practice(column: dict[str, str], unknown: str) -> str:
        always, unless_waived = (" and ".join(column[name] for name in names) for names in (firm, waivable))
        return f"{always} and (is_waived or {unless_waived}) and coalesce({weeks}, {unknown}) and coalesce({reports}, {unknown})"

    connection.execute(
        f"""
        create temp table stage_case as
        with waived as (
          select distinct id from application join finalist using (id)
          where matter = '社会实践豁免' and school_agreed and district_filed and {of_the_stage("school_year")}),
        criminal as (
          select distinct id from 综合素质评价 join finalist on id = 全国学籍号
          where 犯罪记录 = '是' and {of_the_stage("学年")}),
        evaluated as (
          select finalist.id, 思想品德与行为规范 as moral, criminal.id is not null as has_record, waived.id is not null as is_waived,
            evaluation.* exclude (全国学籍号)
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
    physical_education, few = f"'{POLICY.physical_education}'", POLICY.junior_max_other_failing
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
        physical as (
          select distinct id, school_year from exemption join junior_name using (written) where subject = {physical_education}),
        excused as (
          select id from physical where school_year = {THIS_YEAR}
          union select id from sitting join physical using (id, school_year) where subject = {physical_education} and result = '免考'),
        exam_case as (
          select id, subject in {words(POLICY.junior_core)} as is_core,
            subject = {physical_education} and excused.id is not null as is_excused,
            not is_excused and coalesce(not passed, false) as failed, not is_excused and not coalesce(passed, false) as not_passed
          from junior_troubled cross join (select distinct subject from junior_name) left join sat using (id, subject)
            left join excused using (id)),
        written_result as (
          select id, case 科目 {other_names} else 科目 end as subject, 学年总评 as result,
            case when happened(补考日期) or 补考日期 is null then 补考 end as makeup
          from 学年成绩 join junior_troubled on id = 全国学籍号 where 学年 = {THIS_YEAR}),
        exempted as (
          select distinct id, case written {other_names} else written end as subject from exemption where school_year = {THIS_YEAR}),
        other_result as (
          select r.id, subject, fails(result) and makeup is distinct from '合格' as failed,
            not passes(result) and not coalesce(result = '免修' and x.id is not null, false)
              and makeup is distinct from '合格' as not_passed
          from written_result r left join exempted x using (id, subject)
          where subject not in {words(POLICY.junior_exam)} and (result is not null or subject in {words(POLICY.annual_subjects[9])})),
        missing_result as (
          select id, subject from junior_troubled cross join (select unnest({list(POLICY.annual_subjects[9])}) as subject)
          where (id, subject) not in (select (id, subject) from other_result)),
        counted as (
          select id, bool_or(failed) as any_failed, bool_or(not_passed) as any_not_passed,
            bool_or(failed and is_core) as core_failed, bool_or(not_passed and is_core) as core_not_passed,
            count(*) filter (failed and not is_core) as others_failed, count(*) filter (not_passed and not is_core) as others_not_passed
          from exam_case group by id),
        others as (
          select id, count(*) filter (failed) as failed, count(*) filter (not_passed) as not_passed
          from (select id, failed, not_passed from other_result union all select id, false, true from missing_result) group by id)
        select id, not any_failed or not core_failed and others_failed + coalesce(failed, 0) <= {few} as best,
          not any_not_passed or not core_not_passed and others_not_passed + coalesce(not_passed, 0) <= {few} as worst
        from counted left join others using (id);
        """
    )


def senior_case(connection: duckdb.DuckDBPyConnection) -> None:
    """A24.3, A24.4 and A24.5 as far as subjects go. Who passed all ten in the city is done, unless a class assesses them as well."""
    name_subjects(connection, "senior_name", POLICY.senior_exam, junior=False)
    needed = " ".join(f"when '{subject}' then {number}" for subject, number in POLICY.failed_sittings_before_school_makeup.items())
    most = max(POLICY.failed_sittings_before_school_makeup.values())
    everything = (1 << len(POLICY.senior_exam)) - 1

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
          select id, bit_or(1 << place) as subjects
          from 学业水平考试 join finalist_senior on id = 全国学籍号 join senior_name on written = 科目
          where 结果 = '合格' and 考次 in {words(common.CITY_SITTINGS)} and happened(考试日期) and school_year_begun(考试日期) >= exams_from
          group by id)
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
          from sitting join city using (id, subject) where not is_city and day > failed_days[case subject {needed} end]
          group by id, subject),
        assessed as (
          select id, coalesce(subject, 科目) as subject, max(考核结果) as result
          from 校本考核 join senior_troubled on id = 全国学籍号 left join senior_name on written = 科目 group by all),
        further as (
          select id, bool_and(not {misses("result")}) as best, bool_and({reaches("result")}) as worst
          from assessed where subject not in {words(POLICY.senior_exam)} group by id),
        weighed as (
          select s.id, subject, subject in {words(POLICY.international_city)} as is_city, city.id is not null as was_sat,
            coalesce(city.passed, false) or coalesce(makeup.passed, false) as exam_passed,
            not {misses("assessed.result")} as assessed_best, {reaches("assessed.result")} as assessed_worst, is_foreign, is_class
          from senior_troubled s cross join (select distinct subject from senior_name) left join city using (id, subject)
            left join makeup using (id, subject) left join assessed using (id, subject)),
        subject_case as (
          select *, case when was_sat then exam_passed when is_foreign then assessed_best else is_city or not is_class end as passed_best,
            case when was_sat then exam_passed when is_foreign then assessed_worst else false end as passed_worst
          from weighed)
        select id, {conditions("best")}, {conditions("worst")},
          any_value(further.best) as further_best, any_value(further.worst) as further_worst
        from subject_case left join further using (id) group by id;
        """
    )


def graduation(data: Path, out: Path, threads: int) -> int:
    """Everybody who is in a final grade."""
    connection = connect(out, threads)
    open_tables(connection, data, "graduation")
    read_roster(connection, '入学年月 as entry, 学生类别 as category, 证件类型 as document, "国籍/地区" as nationality')
    read_applications(connection)
    chinese = " or ".join(f"nationality like '%{word}%'" for word in common.CHINESE_WORDS)
    connection.execute(
        f"""
        create temp table finalist as
        with begun as (
          select *, case stage when 'primary' then 1 when 'junior' then last_primary_grade + 1
              else {common.FIRST_GRADES["senior"]} end as first_grade,
            {POLICY.first_year} - (grade - first_grade) as implied, coalesce(year_of_entry(entry), implied) as begun
          from student where is_final)
        select id, stage, begun as stage_from, least(begun, implied) as exams_from,
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
        senior = f"""case when is_foreign and ({by_class} or {ordinary} or {athlete}) then 'GI' when {by_class} then 'GJ'
            when {ordinary} then '毕业' when {athlete} then 'GT' else '结业' end"""
        return f"""case when not moral_{case} then '结业' when stage = 'senior' then {senior}
            when stage = 'junior' and not junior_{case} then '结业' else '毕业' end"""

    query = f"""
        with expelled as ({in_force("开除学籍")}), on_probation as ({in_force("留校察看")}),
        athlete as (
          select distinct id from 学生运动员确认 join finalist on id = 全国学籍号 join application using (id)
          where happened(体育部门确认日期) and happened(教育部门确认日期) and matter = '学生运动员证书'
            and {of_the_stage("school_year")}),
        known as (
          select f.*, c.* exclude (id), s.* exclude (id), coalesce(j.best, true) as junior_best, coalesce(j.worst, true) as junior_worst,
            athlete.id is not null as is_athlete, expelled.id is not null as is_expelled, on_probation.id is not null as is_on_probation
          from finalist f join stage_case c using (id) left join junior_case j using (id) left join senior_case s using (id)
            left join athlete using (id) left join expelled using (id) left join on_probation using (id)),
        certified as (
          select id, stage, is_foreign, is_expelled, is_on_probation,
            {certificate("best")} as best, {certificate("worst")} as worst
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
