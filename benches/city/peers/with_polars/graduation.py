"""Graduation in Polars, by section 5 of the rules; what is unknown is taken as passed once and as failed once, as in promotion."""

from pathlib import Path

import common
import polars as pl
from polars import col, lit, when

from with_polars.tables import (
    CASES,
    ID,
    POLICY,
    Applications,
    Roster,
    fails,
    happened,
    is_one_of,
    kept,
    makeup_taken,
    marked,
    names_of,
    passes,
    school_year_begun,
    school_year_of,
    tables,
    under,
    write,
    year_of_entry,
)


def sittings(exams: pl.LazyFrame, students: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """The sittings of students in their stage."""
    own = exams.filter(happened("考试日期")).join(names, on="科目").rename({"全国学籍号": "id"}).join(students, on="id")
    return own.filter(school_year_begun("考试日期") >= col("exams_from"))


def without(students: pl.LazyFrame, passed: pl.LazyFrame, everything: int) -> pl.LazyFrame:
    """The students who did not pass every subject."""
    subjects = passed.group_by("id").agg(subjects=col("bit").bitwise_or())
    return students.join(subjects, on="id", how="left").filter(col("subjects").fill_null(0) != everything).drop("subjects")


def stage_case(finalists: pl.LazyFrame, applications: Applications, table: pl.LazyFrame) -> pl.LazyFrame:
    """A24.6 and the practice of A24.3: each condition as it is known, best and worst."""
    evaluations = table.with_columns(ID)
    begun = col("学年").str.slice(0, 4).cast(pl.Int32)
    criminal = evaluations.filter(col("犯罪记录") == "是").join(finalists.select("id", "stage_from"), on="id")
    criminal = marked(criminal.filter(begun.is_between(col("stage_from"), POLICY.first_year)), "criminal")
    waived = marked(applications.of_the_stage("社会实践豁免", finalists).filter(col("agreed") & col("filed")), "waived")
    known = finalists.select("id")
    for other in (evaluations.filter(col("学年") == POLICY.school_year), criminal, waived):
        known = known.join(other, on="id", how="left")

    def reached(column: str, case: str) -> pl.Expr:
        return ~is_one_of(column, common.STANDARD_MISSED) if case == "best" else is_one_of(column, common.STANDARD_REACHED)

    def practice(case: str) -> pl.Expr:
        firm = [reached(column, case) for column in ("研究型课程", "拓展型课程", "军事训练")]
        waivable = [reached(column, case) | col("waived").fill_null(False) for column in ("志愿服务", "农村社会实践")]
        weeks, reports = col("社会实践周数") >= POLICY.social_practice_weeks, col("研究性学习报告数") >= POLICY.research_reports
        return pl.all_horizontal(*firm, *waivable, weeks.fill_null(case == "best"), reports.fill_null(case == "best"))

    innocent = ~col("criminal").fill_null(False)
    moral = "思想品德与行为规范"
    return known.select(
        "id",
        moral_best=innocent & ~is_one_of(moral, (*POLICY.failing_words, *common.STANDARD_MISSED)),
        moral_worst=innocent & is_one_of(moral, POLICY.moral_passing_words),
        **{f"practice_{case}": practice(case) for case in CASES},
    )


def junior_case(finalists: pl.LazyFrame, applications: Applications, table: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """A24.2: everything passed, or the core passed and few others failed; only those who did not pass everything."""
    names = names_of(POLICY.junior_exam, junior=True)
    juniors = finalists.filter(col("stage") == "junior").select("id", "exams_from")
    passed = sittings(table["学业水平考试"].filter(col("结果") == "合格"), juniors, names)
    troubled = kept(without(juniors, passed, (1 << len(POLICY.junior_exam)) - 1))

    own = kept(sittings(table["学业水平考试"], troubled, names).with_columns(school_year=school_year_of("考试日期")))
    is_physical = col("subject") == POLICY.physical_education
    sat = own.filter(col("结果") != "免考").group_by("id", "subject").agg(passed=(col("结果") == "合格").any())
    physical = applications.exemptions.join(names, on="科目").filter(is_physical)
    this_year = physical.filter(col("school_year") == POLICY.school_year).select("id")
    when_sat = (
        own.filter(is_physical & (col("结果") == "免考"))
        .join(physical.select("id", "school_year"), on=["id", "school_year"], how="semi")
        .select("id")
    )
    excused = marked(pl.concat([this_year, when_sat]), "excused")
    subjects = names.select("subject").unique()
    exam_case = (
        troubled.select("id").join(subjects, how="cross").join(sat, on=["id", "subject"], how="left").join(excused, on="id", how="left")
    )
    owed = ~(is_physical & col("excused").fill_null(False))
    exam_case = exam_case.select(
        "id",
        is_core=col("subject").is_in(POLICY.junior_core),
        best=owed & ~col("passed").fill_null(True),
        worst=owed & ~col("passed").fill_null(False),
    )

    other_names = POLICY.subject_names(junior=True)
    expected = POLICY.annual_subjects[common.LAST_JUNIOR_GRADE]
    results = (
        table["学年成绩"]
        .filter(col("学年") == POLICY.school_year)
        .rename({"全国学籍号": "id"})
        .join(troubled.select("id"), on="id", how="semi")
    )
    results = results.with_columns(subject=col("科目").replace(other_names)).filter(~col("subject").is_in(POLICY.junior_exam))
    exempted = applications.exemptions.filter(col("school_year") == POLICY.school_year).with_columns(
        subject=col("科目").replace(other_names)
    )
    exempted = marked(exempted, "exempted", "id", "subject")
    wanted = troubled.select("id").join(pl.LazyFrame({"subject": expected}), how="cross")
    results = results.filter(col("学年总评").is_not_null() | col("subject").is_in(expected)).select(
        "id", "subject", "学年总评", makeup=makeup_taken()
    )
    results = results.join(wanted, on=["id", "subject"], how="full", coalesce=True).join(exempted, on=["id", "subject"], how="left")
    exempt, unmended = is_one_of("学年总评", ["免修"]) & col("exempted").fill_null(False), col("makeup").ne_missing("合格")
    other_case = results.select("id", is_core=lit(False), best=fails() & unmended, worst=~(passes() | exempt) & unmended)

    exams = exam_case.group_by("id").agg(**{f"all_{case}": ~col(case).any() for case in CASES})
    both = (
        pl.concat([exam_case, other_case])
        .group_by("id")
        .agg(
            **{f"core_{case}": ~(col(case) & col("is_core")).any() for case in CASES},
            **{f"others_{case}": (col(case) & ~col("is_core")).sum() for case in CASES},
        )
    )
    few = POLICY.junior_max_other_failing
    return exams.join(both, on="id").select(
        "id", **{f"junior_{case}": col(f"all_{case}") | col(f"core_{case}") & (col(f"others_{case}") <= few) for case in CASES}
    )


def senior_case(finalists: pl.LazyFrame, table: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """A24.3, A24.4 and A24.5 as far as subjects go. Who passed all ten in the city is done, unless a class assesses them as well."""
    names = names_of(POLICY.senior_exam, junior=False)
    seniors = finalists.filter(col("stage") == "senior").select("id", "exams_from", "is_foreign", "is_class")
    is_city = is_one_of("考次", common.CITY_SITTINGS)
    passed = sittings(table["学业水平考试"].filter((col("结果") == "合格") & is_city), seniors, names)
    not_all = without(seniors, passed, (1 << len(POLICY.senior_exam)) - 1)
    troubled = kept(pl.concat([not_all, seniors.filter("is_class")]).unique("id"))

    own = kept(
        sittings(table["学业水平考试"].filter(col("结果") != "免考"), troubled, names).select(
            "id", "subject", "考试日期", "结果", is_city=is_city
        )
    )
    needed = col("subject").replace_strict(POLICY.failed_sittings_before_school_makeup, return_dtype=pl.Int64)
    failed_days = col("考试日期").filter(col("结果") != "合格").sort()
    city = (
        own.filter("is_city")
        .with_columns(needed=needed)
        .group_by("id", "subject")
        .agg(passed=(col("结果") == "合格").any(), after=failed_days.get(col("needed").first() - 1, null_on_oob=True))
    )
    makeup = own.filter(~col("is_city")).join(city, on=["id", "subject"]).filter(col("考试日期") > col("after"))
    makeup = makeup.group_by("id", "subject").agg(made_up=col("结果").sort_by("考试日期").first() == "合格")
    assessed = table["校本考核"].rename({"全国学籍号": "id"}).join(troubled.select("id"), on="id", how="semi")
    assessed = kept(
        assessed.with_columns(subject=col("科目").replace(POLICY.aliases)).group_by("id", "subject").agg(result=col("考核结果").max())
    )
    good = {"assessed_best": ~is_one_of("result", common.STANDARD_MISSED), "assessed_worst": is_one_of("result", common.STANDARD_REACHED)}
    further = assessed.filter(~col("subject").is_in(POLICY.senior_exam)).with_columns(**good)
    further = further.group_by("id").agg(**{f"further_{case}": col(f"assessed_{case}").all() for case in CASES})

    weighed = troubled.join(names.select("subject").unique(), how="cross").join(
        city.with_columns(was_sat=lit(True)), on=["id", "subject"], how="left"
    )
    weighed = weighed.join(makeup, on=["id", "subject"], how="left").join(assessed, on=["id", "subject"], how="left").with_columns(**good)
    exam_passed = col("passed").fill_null(False) | col("made_up").fill_null(False)
    of_the_city = col("subject").is_in(POLICY.international_city)
    was_sat = col("was_sat").fill_null(False)
    weighed = weighed.with_columns(
        passed_best=when(was_sat).then(exam_passed).when("is_foreign").then("assessed_best").otherwise(of_the_city | ~col("is_class")),
        passed_worst=when(was_sat).then(exam_passed).when("is_foreign").then("assessed_worst").otherwise(False),
    )
    required = col("subject").is_in(POLICY.athlete_required)
    conditions = {}
    for case in CASES:
        passed_subject = col(f"passed_{case}")
        conditions[f"all_{case}"] = passed_subject.all()
        conditions[f"athlete_{case}"] = (passed_subject.sum() >= POLICY.athlete_min_subjects) & (passed_subject | ~required).all()
        conditions[f"class_{case}"] = when(of_the_city).then(passed_subject).otherwise(col(f"assessed_{case}")).all()
    return weighed.group_by("id").agg(**conditions).join(further, on="id", how="left")


def graduation(data: Path, out: Path, _threads: int) -> int:
    """Everybody who is in a final grade."""
    table = tables(data, "graduation")
    roster, applications = Roster(table), Applications(table["申请"])
    first = (
        when(col("stage") == "primary")
        .then(1)
        .when(col("stage") == "junior")
        .then(col("last_primary") + 1)
        .otherwise(common.FIRST_GRADES["senior"])
    )
    implied = POLICY.first_year - (col("grade") - first)
    begun = pl.coalesce(year_of_entry("入学年月"), implied)
    nationality = col("国籍/地区")
    is_chinese = pl.any_horizontal(nationality.str.contains(word, literal=True) for word in common.CHINESE_WORDS)
    has_resident_number = col("id").str.starts_with("G") & col("证件类型").str.contains("居民身份证", literal=True).fill_null(True)
    finalists = kept(
        roster.students.filter("is_final").select(
            "id",
            "stage",
            stage_from=begun,
            exams_from=pl.min_horizontal(begun, implied),
            is_class=is_one_of("学生类别", [common.INTERNATIONAL_CLASS]),
            is_foreign=when(nationality.is_not_null()).then(~is_chinese).when(has_resident_number).then(False),
        )
    )
    confirmed = table["学生运动员确认"].filter(happened("体育部门确认日期") & happened("教育部门确认日期")).with_columns(ID)
    known = finalists
    for other in (
        stage_case(finalists, applications, table["综合素质评价"]),
        junior_case(finalists, applications, table),
        senior_case(finalists, table),
        marked(applications.of_the_stage("学生运动员证书", finalists).join(confirmed, on="id", how="semi"), "is_athlete"),
        under(table["处分"], "开除学籍", "expelled"),
        under(table["处分"], "留校察看", "on_probation"),
    ):
        known = known.join(other, on="id", how="left")
    filled = [f"{name}_{case}" for name in ("junior", "all", "athlete", "class", "further") for case in CASES]
    known = known.with_columns(col(filled).fill_null(True), col("is_athlete", "expelled", "on_probation").fill_null(False))

    def certificate(case: str) -> pl.Expr:
        by_class = col("is_class") & col(f"class_{case}") & col(f"further_{case}")
        ordinary, athlete = col(f"all_{case}") & col(f"practice_{case}"), col("is_athlete") & col(f"athlete_{case}")
        senior = when(col("is_foreign") & (by_class | ordinary | athlete)).then(lit("GI")).when(by_class).then(lit("GJ"))
        senior = senior.when(ordinary).then(lit("毕业")).when(athlete).then(lit("GT")).otherwise(lit("结业"))
        junior = when(f"junior_{case}").then(lit("毕业")).otherwise(lit("结业"))
        chosen = when(~col(f"moral_{case}")).then(lit("结业")).when(col("stage") == "senior").then(senior)
        return chosen.when(col("stage") == "junior").then(junior).otherwise(lit("毕业"))

    known = known.with_columns(**{case: certificate(case) for case in CASES})
    is_senior = col("stage") == "senior"
    outcome = (
        when(is_senior & col("expelled"))
        .then(lit("withdraw_auto"))
        .when(is_senior & col("on_probation"))
        .then(lit("complete"))
        .when(is_senior & col("is_foreign").is_null())
        .then(None)
        .when(col("best") != col("worst"))
        .then(lit("undetermined"))
        .when(col("best") == "结业")
        .then(lit("complete"))
        .otherwise(lit("graduate"))
    )
    others = roster.students.filter(~col("is_final")).select(student_id="id", outcome=lit(None, pl.String))
    return write(pl.concat([known.select(student_id="id", outcome=outcome), others, *roster.unjudged()]), out / "graduation.parquet")
