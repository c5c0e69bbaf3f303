"""The Polars peer: the work of a city's year end as lazy queries on the streaming engine.

The same rules as in the DuckDB peer, written anew as expressions: section 4 for promotion, section 5 for graduation. What is unknown is
taken as passed once (`best`) and as failed once (`worst`); equal answers decide. A null outcome says that the query does not answer.
"""

import os
import sys
from pathlib import Path

if "--threads" in sys.argv:
    # Polars reads this when it is imported.
    os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import common
import polars as pl
import policy as policies
import sheets
from polars import col, lit, when

POLICY = policies.read()
AS_OF = lit(POLICY.as_of)
ID = col("全国学籍号").alias("id")
TYPES = {"text": pl.String, "number": pl.Int32, "date": pl.Date}
CASES = ("best", "worst")


def tables(data: Path, item: str) -> dict[str, pl.LazyFrame]:
    """The tables of the item with the columns it reads; one that the city does not have is empty."""
    found = {}
    for table, columns in common.COLUMNS_READ[item].items():
        files = common.files_of(data, table)
        empty = pl.LazyFrame(schema={column: TYPES[common.kind_of(column)] for column in columns})
        found[table] = pl.scan_parquet(files).select(columns) if files else empty
    return found


def kept(frame: pl.LazyFrame) -> pl.LazyFrame:
    """A step that several later ones read: worked out once."""
    return frame.collect(engine="streaming").lazy()


def write(frame: pl.LazyFrame, path: Path) -> int:
    """Writes the rows as they come, and says how many there are."""
    frame.sink_parquet(path, compression="zstd", engine="streaming")
    return pl.scan_parquet(path).select(pl.len()).collect().item()


def school_year_begun(day: str) -> pl.Expr:
    """The year in which the school year of a date began."""
    return col(day).dt.year() - (col(day).dt.month() < 9).cast(pl.Int32)


def school_year_of(day: str) -> pl.Expr:
    """The school year of a date by name."""
    return pl.format("{}-{}", school_year_begun(day), school_year_begun(day) + 1)


def year_of_entry(month: str) -> pl.Expr:
    """The year in which the school year of a month of entry began."""
    return col(month).str.slice(0, 4).cast(pl.Int32) - (col(month).str.slice(5, 2).cast(pl.Int32) < 9).cast(pl.Int32)


def happened(day: str) -> pl.Expr:
    """Dated, and not later than the day of judgement."""
    return (col(day) <= AS_OF).fill_null(False)


def is_one_of(column: str, words) -> pl.Expr:
    """Whether a cell holds one of some words; an empty one does not."""
    return col(column).is_in(list(words)).fill_null(False)


def passes(result: str = "学年总评") -> pl.Expr:
    """Whether a result of the year is a pass."""
    return is_one_of(result, POLICY.passing_words) | (col(result).cast(pl.Float64, strict=False) >= POLICY.passing_mark).fill_null(False)


def fails(result: str = "学年总评") -> pl.Expr:
    """Whether a result of the year is a fail."""
    return is_one_of(result, POLICY.failing_words) | (col(result).cast(pl.Float64, strict=False) < POLICY.passing_mark).fill_null(False)


def names_of(subjects, junior: bool) -> pl.LazyFrame:
    """The names under which subjects stand in the files, with a bit for each subject: joining keeps and names the wanted rows."""
    names = POLICY.subject_names(junior)
    written = {subject: subject for subject in subjects if names.get(subject, subject) == subject}
    written |= {name: subject for name, subject in names.items() if subject in subjects}
    bits = [1 << subjects.index(subject) for subject in written.values()]
    return pl.LazyFrame({"科目": list(written), "subject": list(written.values()), "bit": bits})


def marked(frame: pl.LazyFrame, mark: str, *keys: str) -> pl.LazyFrame:
    """The distinct keys of a frame with a mark that is true, to be joined on the left."""
    return frame.select(*(keys or ("id",))).unique().with_columns(lit(True).alias(mark))


class Roster:
    """The students of an item: who is active, who has left, and who is in class and to be judged."""

    def __init__(self, table: dict[str, pl.LazyFrame]) -> None:
        has_six_years = pl.any_horizontal(col("学制").str.contains(word, literal=True).fill_null(False) for word in common.SIX_YEAR_PRIMARY_WORDS)
        schools = table["学校名录"].group_by("学校代码").agg(has_six_years=has_six_years.any())
        has_left = is_one_of("学籍状态", common.LEFT_SCHOOL)
        roster = kept(
            table["学籍名册"]
            .filter(col("全国学籍号").is_not_null())
            .join(schools, on="学校代码", how="left")
            .with_columns(ID, last_primary=when(col("has_six_years").fill_null(False)).then(6).otherwise(5), grade=col("年级"))
            .drop("全国学籍号", "has_six_years", "学校代码", "年级")
        )
        self.active = roster.filter(~has_left)
        self.gone = roster.filter(has_left).select("id").unique().join(self.active, on="id", how="anti")
        stage = when(col("grade") <= col("last_primary")).then(lit("primary")).when(col("grade") <= common.LAST_JUNIOR_GRADE).then(lit("junior")).otherwise(lit("senior"))
        is_final = (col("grade") == col("last_primary")) | col("grade").is_in([common.LAST_JUNIOR_GRADE, common.LAST_SENIOR_GRADE])
        self.students = self.active.filter((col("学籍状态") == "在读") & col("grade").is_not_null()).with_columns(stage=stage, is_final=is_final)

    def unjudged(self) -> list[pl.LazyFrame]:
        """The rows of those whom their status alone decides."""
        status = col("学籍状态")
        outcome = when(status == "休学").then(lit("hold")).when(status == "在读").then(None).otherwise(lit("undetermined"))
        others = self.active.filter(status.ne_missing("在读") | col("grade").is_null())
        return [others.select(student_id="id", outcome=outcome), self.gone.select(student_id="id", outcome=lit("not_enrolled"))]


class Applications:
    """The applications made, each with the school year it is for, and the exemptions that stand (A23)."""

    def __init__(self, table: pl.LazyFrame) -> None:
        is_physical = col("申请事项") == "体育免修"
        self.made = kept(
            table.filter(happened("申请日期")).with_columns(
                ID,
                school_year=pl.coalesce("学年", school_year_of("申请日期")),
                agreed=happened("学校同意日期"),
                filed=happened("区备案日期"),
                科目=when(is_physical).then(col("科目").fill_null(POLICY.physical_education)).otherwise(col("科目")),
            )
        )
        months = f"{POLICY.exemption_certificate_months}mo"
        certified = happened("证明日期") & col("申请日期").is_between(col("证明日期"), col("证明日期").dt.offset_by(months)).fill_null(False)
        stands = (col("申请事项") == "免修") | is_physical & certified
        self.exemptions = self.made.filter(col("agreed") & col("filed") & stands).select("id", "科目", "school_year").unique()

    def about(self, matter: str) -> pl.LazyFrame:
        """The applications of one matter."""
        return self.made.filter(col("申请事项") == matter)

    def of_the_stage(self, matter: str, finalists: pl.LazyFrame) -> pl.LazyFrame:
        """The applications of one matter for any year of the student's stage."""
        begun = col("school_year").str.slice(0, 4).cast(pl.Int32)
        return self.about(matter).join(finalists.select("id", "stage_from"), on="id").filter(begun.is_between(col("stage_from"), POLICY.first_year))


def under(measures: pl.LazyFrame, measure: str, mark: str) -> pl.LazyFrame:
    """The students under a disciplinary measure (A41)."""
    stands = happened("处分日期") & happened("会议通过日期") & happened("区报备日期") & ~happened("撤销日期")
    return marked(measures.filter((col("处分类型") == measure) & stands).with_columns(ID), mark)


def makeup_taken() -> pl.Expr:
    """The result of the make-up, as far as it has taken place."""
    return when((col("补考日期") <= AS_OF).fill_null(True)).then(col("补考"))


def sittings(exams: pl.LazyFrame, students: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """The sittings of students in their stage."""
    own = exams.filter(happened("考试日期")).join(names, on="科目").rename({"全国学籍号": "id"}).join(students, on="id")
    return own.filter(school_year_begun("考试日期") >= col("exams_from"))


def without(students: pl.LazyFrame, passed: pl.LazyFrame, everything: int) -> pl.LazyFrame:
    """The students who did not pass every subject."""
    subjects = passed.group_by("id").agg(subjects=col("bit").bitwise_or())
    return students.join(subjects, on="id", how="left").filter(col("subjects").fill_null(0) != everything).drop("subjects")


def senior_outcomes(roster: Roster, applications: Applications, changes: pl.LazyFrame, away: pl.LazyFrame, table: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """A20.3 and A22.2: the outcome in the best and in the worst case, and what earlier retentions make of a further one."""
    seniors = roster.students.filter((col("stage") == "senior") & ~col("is_final")).select("id", "grade")
    grades = [grade for grade in POLICY.annual_subjects if grade >= common.FIRST_GRADES["senior"]]
    subjects = sorted({subject for grade in grades for subject in POLICY.annual_subjects[grade]})
    expected = pl.LazyFrame(
        [(grade, subject, 1 << subjects.index(subject)) for grade in grades for subject in POLICY.annual_subjects[grade]],
        schema={"grade": pl.Int32, "subject": pl.String, "bit": pl.Int64}, orient="row",
    )
    names = names_of(subjects, junior=False).drop("bit")
    results = table["学年成绩"].filter(col("学年") == POLICY.school_year).join(names, on="科目").rename({"全国学籍号": "id"})
    # Most pass everything: they need no look at single subjects.
    passed = results.filter(passes()).join(seniors, on="id").join(expected, on=["grade", "subject"])
    wanted = expected.group_by("grade").agg(wanted=col("bit").bitwise_or())
    passed = passed.group_by("id").agg(subjects=col("bit").bitwise_or())
    troubled = seniors.join(wanted, on="grade").join(passed, on="id", how="left").filter(col("subjects").fill_null(0) != col("wanted"))
    troubled = kept(troubled.select("id", "grade"))

    this_year = happened("考试日期") & (school_year_begun("考试日期") == POLICY.first_year)
    mending = names.filter(col("subject").is_in(POLICY.exam_replaces_makeup))
    examined = table["学业水平考试"].filter((col("结果") == "合格") & is_one_of("考次", common.CITY_SITTINGS) & this_year)
    examined = marked(examined.join(mending, on="科目").rename({"全国学籍号": "id"}).join(troubled, on="id", how="semi"), "examined", "id", "subject")
    exempted = applications.exemptions.filter(col("school_year") == POLICY.school_year)
    exempted = marked(exempted.join(names, on="科目"), "exempted", "id", "subject")
    of_troubled = results.join(troubled, on="id", how="semi").select("id", "subject", "学年总评", makeup=makeup_taken())
    subject_case = troubled.join(expected.drop("bit"), on="grade")
    for known in (of_troubled, examined, exempted):
        subject_case = subject_case.join(known, on=["id", "subject"], how="left")
    exempt = is_one_of("学年总评", ["免修"]) & col("exempted").fill_null(False)
    unmended = ~((col("makeup") == "合格").fill_null(False) | col("examined").fill_null(False))
    subject_case = subject_case.select(
        "id", best=fails(), worst=~(passes() | exempt), unmended=unmended, lost=unmended & col("makeup").is_not_null(), is_core=col("subject").is_in(POLICY.senior_core)
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
        return when(too_many).then(lit("retain")).when(met).then(lit("promote")).when(reachable).then(lit("makeup_pending")).otherwise(lit("retain"))

    judged = subject_case.group_by("id").agg(**counts).select("id", **{case: outcome(case) for case in CASES})

    # A22.3, A37.2. A year that was wholly suspended is passed over, so of who was away the running years are left unsaid.
    here = col("grade_then") == col("grade")
    last_years = POLICY.earlier_school_years[: POLICY.senior_retentions_running]
    is_running = pl.all_horizontal((here & (col("school_year") == year)).any() for year in last_years)
    in_senior = col("school_year").filter(col("grade_then") >= common.FIRST_GRADES["senior"]).n_unique() >= POLICY.senior_retentions_total
    in_grade = col("school_year").filter(here).n_unique() >= POLICY.senior_retentions_running
    retentions = changes.filter(col("异动类型") == "留级").rename({"年级": "grade_then"}).join(seniors, on="id")
    retentions = retentions.group_by("id").agg(is_running=is_running, is_total=in_senior, is_often_here=in_grade).join(away, on="id", how="left")
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
    decided = decided.with_columns(col("expelled", "skipping", "repeating", "leaving", "away").fill_null(False), col(CASES).fill_null("promote"))
    last = when(col("stage") == "primary").then(col("last_primary")).when(col("stage") == "junior").then(common.LAST_JUNIOR_GRADE).otherwise(common.LAST_SENIOR_GRADE)
    is_senior = col("stage") == "senior"
    leaving = ~is_senior & col("leaving")
    nine_years = POLICY.first_year - year_of_entry("小学入学年月") + 1 >= POLICY.incomplete_after_school_years
    depends = (col("grade") == POLICY.incomplete_from_grade) & ((col("best") == "promote") != (col("worst") == "promote"))
    outcome = (
        when("is_final").then(None)
        .when(is_senior & col("expelled") & depends).then(lit("undetermined"))
        .when(is_senior & col("expelled")).then(lit("withdraw_auto"))
        .when(leaving & col("小学入学年月").is_null()).then(lit("undetermined"))
        .when(leaving & nine_years & col("away")).then(None)
        .when(leaving & nine_years).then(lit("incomplete"))
        .when(col("skipping") & (col("grade") + 2 <= last)).then(lit("skip"))
        .when(~is_senior & col("repeating")).then(lit("repeat"))
        .when(~is_senior).then(lit("promote"))
        .when(col("best") != col("worst")).then(lit("undetermined"))
        .when((col("best") == "retain") & col("is_out")).then(lit("withdraw_auto"))
        .when((col("best") == "retain") & col("is_unsaid")).then(None)
        .otherwise("best")
    )
    return write(pl.concat([decided.select(student_id="id", outcome=outcome), *roster.unjudged()]), out / "promotion.parquet")


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
    when_sat = own.filter(is_physical & (col("结果") == "免考")).join(physical.select("id", "school_year"), on=["id", "school_year"], how="semi").select("id")
    excused = marked(pl.concat([this_year, when_sat]), "excused")
    subjects = names.select("subject").unique()
    exam_case = troubled.select("id").join(subjects, how="cross").join(sat, on=["id", "subject"], how="left").join(excused, on="id", how="left")
    owed = ~(is_physical & col("excused").fill_null(False))
    exam_case = exam_case.select("id", is_core=col("subject").is_in(POLICY.junior_core), best=owed & ~col("passed").fill_null(True), worst=owed & ~col("passed").fill_null(False))

    other_names = POLICY.subject_names(junior=True)
    expected = POLICY.annual_subjects[common.LAST_JUNIOR_GRADE]
    results = table["学年成绩"].filter(col("学年") == POLICY.school_year).rename({"全国学籍号": "id"}).join(troubled.select("id"), on="id", how="semi")
    results = results.with_columns(subject=col("科目").replace(other_names)).filter(~col("subject").is_in(POLICY.junior_exam))
    exempted = applications.exemptions.filter(col("school_year") == POLICY.school_year).with_columns(subject=col("科目").replace(other_names))
    exempted = marked(exempted, "exempted", "id", "subject")
    wanted = troubled.select("id").join(pl.LazyFrame({"subject": expected}), how="cross")
    results = results.filter(col("学年总评").is_not_null() | col("subject").is_in(expected)).select("id", "subject", "学年总评", makeup=makeup_taken())
    results = results.join(wanted, on=["id", "subject"], how="full", coalesce=True).join(exempted, on=["id", "subject"], how="left")
    exempt, unmended = is_one_of("学年总评", ["免修"]) & col("exempted").fill_null(False), col("makeup").ne_missing("合格")
    other_case = results.select("id", is_core=lit(False), best=fails() & unmended, worst=~(passes() | exempt) & unmended)

    exams = exam_case.group_by("id").agg(**{f"all_{case}": ~col(case).any() for case in CASES})
    both = pl.concat([exam_case, other_case]).group_by("id").agg(
        **{f"core_{case}": ~(col(case) & col("is_core")).any() for case in CASES},
        **{f"others_{case}": (col(case) & ~col("is_core")).sum() for case in CASES},
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

    own = kept(sittings(table["学业水平考试"].filter(col("结果") != "免考"), troubled, names).select("id", "subject", "考试日期", "结果", is_city=is_city))
    needed = col("subject").replace_strict(POLICY.failed_sittings_before_school_makeup, return_dtype=pl.Int64)
    failed_days = col("考试日期").filter(col("结果") != "合格").sort()
    city = own.filter("is_city").with_columns(needed=needed).group_by("id", "subject").agg(
        passed=(col("结果") == "合格").any(), after=failed_days.get(col("needed").first() - 1, null_on_oob=True)
    )
    makeup = own.filter(~col("is_city")).join(city, on=["id", "subject"]).filter(col("考试日期") > col("after"))
    makeup = makeup.group_by("id", "subject").agg(made_up=col("结果").sort_by("考试日期").first() == "合格")
    assessed = table["校本考核"].rename({"全国学籍号": "id"}).join(troubled.select("id"), on="id", how="semi")
    assessed = kept(assessed.with_columns(subject=col("科目").replace(POLICY.aliases)).group_by("id", "subject").agg(result=col("考核结果").max()))
    good = {"assessed_best": ~is_one_of("result", common.STANDARD_MISSED), "assessed_worst": is_one_of("result", common.STANDARD_REACHED)}
    further = assessed.filter(~col("subject").is_in(POLICY.senior_exam)).with_columns(**good)
    further = further.group_by("id").agg(**{f"further_{case}": col(f"assessed_{case}").all() for case in CASES})

    weighed = troubled.join(names.select("subject").unique(), how="cross").join(city.with_columns(was_sat=lit(True)), on=["id", "subject"], how="left")
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
    first = when(col("stage") == "primary").then(1).when(col("stage") == "junior").then(col("last_primary") + 1).otherwise(common.FIRST_GRADES["senior"])
    implied = POLICY.first_year - (col("grade") - first)
    begun = pl.coalesce(year_of_entry("入学年月"), implied)
    nationality = col("国籍/地区")
    is_chinese = pl.any_horizontal(nationality.str.contains(word, literal=True) for word in common.CHINESE_WORDS)
    has_resident_number = col("id").str.starts_with("G") & col("证件类型").str.contains("居民身份证", literal=True).fill_null(True)
    finalists = kept(
        roster.students.filter("is_final").select(
            "id", "stage", stage_from=begun, exams_from=pl.min_horizontal(begun, implied),
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
        when(is_senior & col("expelled")).then(lit("withdraw_auto"))
        .when(is_senior & col("on_probation")).then(lit("complete"))
        .when(is_senior & col("is_foreign").is_null()).then(None)
        .when(col("best") != col("worst")).then(lit("undetermined"))
        .when(col("best") == "结业").then(lit("complete"))
        .otherwise(lit("graduate"))
    )
    others = roster.students.filter(~col("is_final")).select(student_id="id", outcome=lit(None, pl.String))
    return write(pl.concat([known.select(student_id="id", outcome=outcome), others, *roster.unjudged()]), out / "graduation.parquet")


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
        compact, written = col(column).str.to_date("%Y%m%d", strict=False), col(column).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
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


if __name__ == "__main__":
    common.run({"promotion": promotion, "graduation": graduation, "workbooks": workbooks, "csv": text_files})
