"""Promotion in Polars, by section 4 of the rules, on the streaming engine.

What is unknown of a senior is taken as passed once (`best`) and as failed once (`worst`); more failures never lead to a better outcome,
so equal answers decide. A null outcome says that the query does not answer for the student.
"""

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
    tables,
    under,
    write,
    year_of_entry,
)


def senior_outcomes(
    roster: Roster, applications: Applications, changes: pl.LazyFrame, away: pl.LazyFrame, table: dict[str, pl.LazyFrame]
) -> pl.LazyFrame:
    """A20.3 and A22.2: the outcome in the best and in the worst case, and what earlier retentions make of a further one."""
    seniors = roster.students.filter((col("stage") == "senior") & ~col("is_final")).select("id", "grade")
    grades = [grade for grade in POLICY.annual_subjects if grade >= common.FIRST_GRADES["senior"]]
    subjects = sorted({subject for grade in grades for subject in POLICY.annual_subjects[grade]})
    expected = pl.LazyFrame(
        [(grade, subject, 1 << subjects.index(subject)) for grade in grades for subject in POLICY.annual_subjects[grade]],
        schema={"grade": pl.Int32, "subject": pl.String, "bit": pl.Int64},
        orient="row",
    )
    names = names_of(subjects, junior=False).drop("bit")
    results = table["学年成绩"].filter(col("学年") == POLICY.school_year).rename({"全国学籍号": "id"}).join(seniors, on="id")
    results = kept(results.join(names, on="科目"))
    # Most pass everything: they need no look at single subjects.
    of_seniors = results.join(expected, on=["grade", "subject"])
    wanted = expected.group_by("grade").agg(wanted=col("bit").bitwise_or())
    passed = of_seniors.group_by("id").agg(subjects=col("bit").filter(passes()).bitwise_or())
    troubled = seniors.join(wanted, on="grade").join(passed, on="id", how="left").filter(col("subjects").fill_null(0) != col("wanted"))
    troubled = kept(troubled.select("id", "grade"))

    this_year = happened("考试日期") & (school_year_begun("考试日期") == POLICY.first_year)
    mending = names.filter(col("subject").is_in(POLICY.exam_replaces_makeup))
    examined = table["学业水平考试"].filter((col("结果") == "合格") & is_one_of("考次", common.CITY_SITTINGS) & this_year)
    examined = marked(
        examined.join(mending, on="科目").rename({"全国学籍号": "id"}).join(troubled, on="id", how="semi"), "examined", "id", "subject"
    )
    exempted = applications.exemptions.filter(col("school_year") == POLICY.school_year)
    exempted = marked(exempted.join(names, on="科目"), "exempted", "id", "subject")
    of_troubled = results.join(troubled, on="id", how="semi").select("id", "subject", "学年总评", makeup=makeup_taken())
    subject_case = troubled.join(expected.drop("bit"), on="grade")
    for known in (of_troubled, examined, exempted):
        subject_case = subject_case.join(known, on=["id", "subject"], how="left")
    exempt = is_one_of("学年总评", ["免修"]) & col("exempted").fill_null(False)
    unmended = ~((col("makeup") == "合格").fill_null(False) | col("examined").fill_null(False))
    subject_case = subject_case.select(
        "id",
        best=fails(),
        worst=~(passes() | exempt),
        unmended=unmended,
        lost=unmended & col("makeup").is_not_null(),
        is_core=col("subject").is_in(POLICY.senior_core),
    )
    counts = {}
    for case in CASES:
        counts[f"failing_{case}"] = col(case).sum()
        for name, counted in (("left", "unmended"), ("lost", "lost")):
            counts[f"core_{name}_{case}"] = (col(case) & col(counted) & col("is_core")).sum()
            counts[f"others_{name}_{case}"] = (col(case) & col(counted) & ~col("is_core")).sum()

    def outcome(case: str) -> pl.Expr:
        most = POLICY.senior_max_other_failing
        met, reachable = ((col(f"core_{name}_{case}") == 0) & (col(f"others_{name}_{case}") <= most) for name in ("left", "lost"))
        too_many = col(f"failing_{case}") >= POLICY.senior_retain_at_failing
        return (
            when(too_many)
            .then(lit("retain"))
            .when(met)
            .then(lit("promote"))
            .when(reachable)
            .then(lit("makeup_pending"))
            .otherwise(lit("retain"))
        )

    judged = subject_case.group_by("id").agg(**counts).select("id", **{case: outcome(case) for case in CASES})

    # A22.3, A37.2. A year that was wholly suspended is passed over, so of who was away the running years are left unsaid.
    here = col("grade_then") == col("grade")
    last_years = POLICY.earlier_school_years[: POLICY.senior_retentions_running]
    is_running = pl.all_horizontal((here & (col("school_year") == year)).any() for year in last_years)
    in_senior = col("school_year").filter(col("grade_then") >= common.FIRST_GRADES["senior"]).n_unique() >= POLICY.senior_retentions_total
    in_grade = col("school_year").filter(here).n_unique() >= POLICY.senior_retentions_running
    retentions = changes.filter(col("异动类型") == "留级").rename({"年级": "grade_then"}).join(seniors, on="id")
    retentions = (
        retentions.group_by("id").agg(is_running=is_running, is_total=in_senior, is_often_here=in_grade).join(away, on="id", how="left")
    )
    was_away = col("away").fill_null(False)
    retentions = retentions.select("id", is_out=col("is_total") | col("is_running") & ~was_away, is_unsaid=col("is_often_here") & was_away)
    return judged.join(retentions, on="id", how="left").with_columns(col("is_out", "is_unsaid").fill_null(False))


def promotion(data: Path, out: Path, _threads: int) -> int:
    """Everybody who is not in a final grade."""
    table = tables(data, "promotion")
    roster, applications = Roster(table), Applications(table["申请"])
    ended = when(False).then(lit(None, pl.String))
    for day, name in POLICY.school_year_ends:
        ended = ended.when(col("生效日期") >= day).then(lit(name))
    changes = kept(table["学籍异动"].filter(happened("生效日期")).with_columns(ID, school_year=pl.coalesce("学年", ended)))
    away = marked(changes.filter(is_one_of("异动类型", ["休学", "中断"])), "away")
    changes = changes.filter(col("school_year") < POLICY.school_year)
    seniors = senior_outcomes(roster, applications, changes, away, table)

    in_time = (col("school_year") == POLICY.school_year) & (col("申请日期") <= POLICY.window_last_day) & col("agreed") & col("filed")
    unopposed = happened("公示日期") & (col("公示结果") == "无异议")
    repeats = changes.filter(col("异动类型") == "重读").group_by("id").agg(times=col("school_year").n_unique())
    often = repeats.filter(col("times") >= POLICY.compulsory_max_repeats)
    marks = (
        under(table["处分"], "开除学籍", "expelled"),
        marked(applications.about("跳级").filter(in_time & unopposed), "skipping"),
        marked(applications.about("重读").filter(in_time).join(often, on="id", how="anti"), "repeating"),
        marked(applications.about("肄业").filter((col("school_year") == POLICY.school_year) & col("agreed")), "leaving"),
        away,
    )
    decided = roster.students.join(seniors, on="id", how="left")
    for mark in marks:
        decided = decided.join(mark, on="id", how="left")
    decided = decided.with_columns(
        col("expelled", "skipping", "repeating", "leaving", "away").fill_null(False), col(CASES).fill_null("promote")
    )
    last = (
        when(col("stage") == "primary")
        .then(col("last_primary"))
        .when(col("stage") == "junior")
        .then(common.LAST_JUNIOR_GRADE)
        .otherwise(common.LAST_SENIOR_GRADE)
    )
    is_senior = col("stage") == "senior"
    leaving = ~is_senior & col("leaving")
    nine_years = POLICY.first_year - year_of_entry("小学入学年月") + 1 >= POLICY.incomplete_after_school_years
    depends = (col("grade") == POLICY.incomplete_from_grade) & ((col("best") == "promote") != (col("worst") == "promote"))
    outcome = (
        when("is_final")
        .then(None)
        .when(is_senior & col("expelled") & depends)
        .then(lit("undetermined"))
        .when(is_senior & col("expelled"))
        .then(lit("withdraw_auto"))
        .when(leaving & col("小学入学年月").is_null())
        .then(lit("undetermined"))
        .when(leaving & nine_years & col("away"))
        .then(None)
        .when(leaving & nine_years)
        .then(lit("incomplete"))
        .when(col("skipping") & (col("grade") + 2 <= last))
        .then(lit("skip"))
        .when(~is_senior & col("repeating"))
        .then(lit("repeat"))
        .when(~is_senior)
        .then(lit("promote"))
        .when(col("best") != col("worst"))
        .then(lit("undetermined"))
        .when((col("best") == "retain") & col("is_out"))
        .then(lit("withdraw_auto"))
        .when((col("best") == "retain") & col("is_unsaid"))
        .then(None)
        .otherwise("best")
    )
    return write(pl.concat([decided.select(student_id="id", outcome=outcome), *roster.unjudged()]), out / "promotion.parquet")
