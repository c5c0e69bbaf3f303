"""The pandas peer: the work of a city's year end with merge, groupby and boolean columns, whole tables in memory.

The same rules as in the other peers, in the way of a notebook. Unknown facts are taken as passed once (`best`) and as failed once
(`worst`); equal answers decide. A missing outcome says that this peer does not answer for the student.
"""

import re
from pathlib import Path

import common
import numpy as np
import pandas as pd
import policy as policies
import pyarrow.parquet as parquet

POLICY = policies.read()
AS_OF = pd.Timestamp(POLICY.as_of)
CASES = ("best", "worst")


def read(data: Path, item: str, table: str) -> pd.DataFrame:
    """A table with the columns that the item reads, dates as pandas counts them."""
    columns = list(common.COLUMNS_READ[item][table])
    files = common.files_of(data, table)
    if files:
        frame = pd.concat([parquet.read_table(file, columns=columns).to_pandas(date_as_object=False) for file in files], ignore_index=True)
    else:
        kinds = {"text": "str", "number": "float64", "date": "datetime64[ms]"}
        frame = pd.DataFrame({column: pd.Series(dtype=kinds[common.kind_of(column)]) for column in columns})
    return frame.rename(columns={"全国学籍号": "id"})


def happened(days: pd.Series) -> pd.Series:
    """Dated, and not later than the day of judgement."""
    return days.le(AS_OF)


def school_year_begun(days: pd.Series) -> pd.Series:
    """The year in which the school year of a date began."""
    return days.dt.year - (days.dt.month < 9)


def school_year_of(days: pd.Series) -> pd.Series:
    """The school year of a date by name."""
    begun = school_year_begun(days)
    return begun.astype("Int64").astype("str") + "-" + (begun + 1).astype("Int64").astype("str")


def year_of_entry(months: pd.Series) -> pd.Series:
    """The year in which the school year of a month of entry began."""
    year, month = pd.to_numeric(months.str.slice(0, 4)), pd.to_numeric(months.str.slice(5, 7))
    return year - (month < 9)


def begun_year(school_years: pd.Series) -> pd.Series:
    """The first year in a school year's name."""
    return pd.to_numeric(school_years.str.slice(0, 4), errors="coerce")


def passes(results: pd.Series) -> pd.Series:
    """Which results of the year are passes."""
    return results.isin(POLICY.passing_words) | pd.to_numeric(results, errors="coerce").ge(POLICY.passing_mark)


def fails(results: pd.Series) -> pd.Series:
    """Which results of the year are fails."""
    return results.isin(POLICY.failing_words) | pd.to_numeric(results, errors="coerce").lt(POLICY.passing_mark)


def choose(cases: list[tuple[pd.Series, object]], otherwise: object) -> np.ndarray:
    """The choice of the first condition that holds."""
    return np.select([condition.to_numpy(dtype=bool) for condition, _ in cases], [choice for _, choice in cases], default=otherwise)


def named(frame: pd.DataFrame, subjects, junior: bool) -> pd.DataFrame:
    """The rows about some subjects, under their canonical names."""
    subject = frame["科目"].replace(POLICY.subject_names(junior))
    return frame.assign(subject=subject)[subject.isin(list(subjects))]


def holds(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Marks that a merge on the left leaves empty become false."""
    return frame.assign(**{column: frame[column].eq(True) for column in columns})


def read_roster(data: Path, item: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The students to be judged, and the outcomes of those whom their status alone decides."""
    roster, schools = read(data, item, "学籍名册"), read(data, item, "学校名录")
    has_six_years = schools["学制"].str.contains("|".join(common.SIX_YEAR_PRIMARY_WORDS), na=False)
    six_years = set(schools["学校代码"][has_six_years])
    roster = roster[roster["id"].notna()].rename(columns={"年级": "grade"})
    roster["last_primary"] = np.where(roster["学校代码"].isin(six_years), 6, 5)
    has_left = roster["学籍状态"].isin(common.LEFT_SCHOOL)
    active = roster[~has_left]
    gone = roster.loc[has_left & ~roster["id"].isin(active["id"]), ["id"]].drop_duplicates().assign(outcome="not_enrolled")
    is_judged = active["学籍状态"].eq("在读") & active["grade"].notna()
    others = active[~is_judged]
    outcomes = choose([(others["学籍状态"].eq("休学"), "hold"), (others["学籍状态"].eq("在读"), None)], "undetermined")
    unjudged = pd.concat([others[["id"]].assign(outcome=outcomes), gone])
    students = active[is_judged].copy()
    students["stage"] = choose([(students.grade <= students.last_primary, "primary"), (students.grade <= common.LAST_JUNIOR_GRADE, "junior")], "senior")
    students["is_final"] = students.grade.eq(students.last_primary) | students.grade.isin([common.LAST_JUNIOR_GRADE, common.LAST_SENIOR_GRADE])
    return students, unjudged


def read_applications(data: Path, item: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The applications made, each with the school year it is for, and the exemptions that stand (A23)."""
    made = read(data, item, "申请")
    made = made[happened(made["申请日期"])].copy()
    made["school_year"] = made["学年"].where(made["学年"].notna(), school_year_of(made["申请日期"]))
    made["agreed"], made["filed"] = happened(made["学校同意日期"]), happened(made["区备案日期"])
    is_physical = made["申请事项"].eq("体育免修")
    made["科目"] = made["科目"].where(made["科目"].notna() | ~is_physical, POLICY.physical_education)
    certificate = made["证明日期"]
    months = pd.DateOffset(months=POLICY.exemption_certificate_months)
    certified = happened(certificate) & certificate.le(made["申请日期"]) & made["申请日期"].le(certificate + months)
    stands = made.agreed & made.filed & (made["申请事项"].eq("免修") | is_physical & certified)
    return made, made.loc[stands, ["id", "科目", "school_year"]].drop_duplicates()


def under(data: Path, item: str, measure: str) -> pd.Series:
    """The students under a disciplinary measure (A41)."""
    measures = read(data, item, "处分")
    stands = happened(measures["处分日期"]) & happened(measures["会议通过日期"]) & happened(measures["区报备日期"]) & ~happened(measures["撤销日期"])
    return measures["id"][stands & measures["处分类型"].eq(measure)]


def makeup_taken(results: pd.DataFrame) -> pd.Series:
    """The results of make-ups, as far as these have taken place."""
    return results["补考"].where(~results["补考日期"].gt(AS_OF))


def save(frames: list[pd.DataFrame], path: Path) -> int:
    """Writes the outcomes and says how many there are."""
    outcomes = pd.concat([frame[["id", "outcome"]] for frame in frames], ignore_index=True).rename(columns={"id": "student_id"})
    outcomes.to_parquet(path, compression="zstd", index=False)
    return len(outcomes)


def senior_outcomes(data: Path, students: pd.DataFrame, exemptions: pd.DataFrame) -> pd.DataFrame:
    """A20.3 and A22.2: the outcome in the best and in the worst case."""
    seniors = students.loc[students.stage.eq("senior") & ~students.is_final, ["id", "grade"]]
    expected = pd.DataFrame(
        [(grade, subject) for grade in (10, 11) for subject in POLICY.annual_subjects[grade]], columns=["grade", "subject"]
    )
    every = set(expected.subject)
    results = read(data, "promotion", "学年成绩")
    results = results[results["学年"].eq(POLICY.school_year) & results["id"].isin(seniors["id"])]
    results = named(results, every, junior=False)
    results["makeup"] = makeup_taken(results)
    exams = read(data, "promotion", "学业水平考试")
    exams = exams[exams["结果"].eq("合格") & exams["考次"].isin(common.CITY_SITTINGS) & happened(exams["考试日期"])]
    exams = exams[school_year_begun(exams["考试日期"]).eq(POLICY.first_year)]
    examined = named(exams, POLICY.exam_replaces_makeup, junior=False)[["id", "subject"]].drop_duplicates().assign(examined=True)
    exempted = named(exemptions[exemptions.school_year.eq(POLICY.school_year)], every, junior=False)[["id", "subject"]].drop_duplicates().assign(exempted=True)
    subjects = seniors.merge(expected, on="grade").merge(results[["id", "subject", "学年总评", "makeup"]], on=["id", "subject"], how="left")
    subjects = subjects.merge(examined, on=["id", "subject"], how="left").merge(exempted, on=["id", "subject"], how="left")
    subjects = holds(subjects, "examined", "exempted")
    is_core = subjects.subject.isin(POLICY.senior_core)
    unmended = ~(subjects.makeup.eq("合格") | subjects.examined)
    lost = unmended & subjects.makeup.notna()
    exempt = subjects["学年总评"].eq("免修") & subjects.exempted
    failing = {"best": fails(subjects["学年总评"]), "worst": ~(passes(subjects["学年总评"]) | exempt)}
    judged = {}
    for case, failed in failing.items():
        marks = {
            "failing": failed, "core": failed & unmended & is_core, "others": failed & unmended & ~is_core,
            "core_lost": failed & lost & is_core, "others_lost": failed & lost & ~is_core,
        }
        count = pd.DataFrame({"id": subjects["id"], **marks}).groupby("id").sum()
        most = POLICY.senior_max_other_failing
        judged[case] = pd.Series(
            choose(
                [
                    (count.failing >= POLICY.senior_retain_at_failing, "retain"),
                    (count.core.eq(0) & (count.others <= most), "promote"),
                    (count.core_lost.eq(0) & (count.others_lost <= most), "makeup_pending"),
                ],
                "retain",
            ),
            index=count.index,
        )
    return pd.DataFrame(judged).reset_index()


def read_changes(data: Path) -> pd.DataFrame:
    """Changes of status that took place; one that names no year belongs to the last school year that had ended."""
    changes = read(data, "promotion", "学籍异动")
    changes = changes[happened(changes["生效日期"])].copy()
    ended = choose([(changes["生效日期"].ge(pd.Timestamp(day)), name) for day, name in POLICY.school_year_ends], None)
    changes["school_year"] = changes["学年"].where(changes["学年"].notna(), pd.Series(ended, index=changes.index))
    return changes


def limits_of_retention(changes: pd.DataFrame, students: pd.DataFrame, away: pd.Series) -> tuple[pd.Index, pd.Index]:
    """A22.3, A37.2: who may not be retained again. A year that was wholly suspended is passed over: of who was away this is left unsaid."""
    earlier = changes[changes["异动类型"].eq("留级") & changes.school_year.lt(POLICY.school_year)]
    earlier = earlier.merge(students[["id", "grade"]], on="id")
    here = earlier[earlier["年级"].eq(earlier.grade)]
    senior = earlier[earlier["年级"].ge(common.FIRST_GRADES["senior"])]
    last_years = here[here.school_year.isin(POLICY.earlier_school_years[: POLICY.senior_retentions_running])]
    running = last_years.groupby("id").school_year.nunique().ge(POLICY.senior_retentions_running)
    total = senior.groupby("id").school_year.nunique().ge(POLICY.senior_retentions_total)
    twice = here.groupby("id").school_year.nunique().ge(POLICY.senior_retentions_running)
    return running[running].index.difference(away).union(total[total].index), twice[twice].index.intersection(away)


def promotion(data: Path, out: Path, _threads: int) -> int:
    """Everybody who is not in a final grade."""
    students, unjudged = read_roster(data, "promotion")
    made, exemptions = read_applications(data, "promotion")
    changes = read_changes(data)
    away = changes["id"][changes["异动类型"].isin(["休学", "中断"])]
    judged = students.merge(senior_outcomes(data, students, exemptions), on="id", how="left")
    out_of_retentions, unsaid = limits_of_retention(changes, students, away)

    this_year = made.school_year.eq(POLICY.school_year)
    in_time = this_year & made["申请日期"].le(pd.Timestamp(POLICY.window_last_day)) & made.agreed & made.filed
    unopposed = happened(made["公示日期"]) & made["公示结果"].eq("无异议")
    repeats = changes[changes["异动类型"].eq("重读") & changes.school_year.lt(POLICY.school_year)].groupby("id").school_year.nunique()
    often = repeats.index[repeats >= POLICY.compulsory_max_repeats]
    matter, student = made["申请事项"], judged["id"]
    skipping = student.isin(made["id"][matter.eq("跳级") & in_time & unopposed])
    repeating = student.isin(made["id"][matter.eq("重读") & in_time]) & ~student.isin(often)
    is_senior = judged.stage.eq("senior")
    leaving = ~is_senior & student.isin(made["id"][matter.eq("肄业") & this_year & made.agreed])
    expelled = is_senior & student.isin(under(data, "promotion", "开除学籍"))
    last = choose([(judged.stage.eq("primary"), judged.last_primary), (judged.stage.eq("junior"), common.LAST_JUNIOR_GRADE)], common.LAST_SENIOR_GRADE)
    entered = year_of_entry(judged["小学入学年月"])
    nine_years = (POLICY.first_year - entered + 1).ge(POLICY.incomplete_after_school_years)
    depends = judged.grade.eq(POLICY.incomplete_from_grade) & (judged.best.eq("promote") != judged.worst.eq("promote"))
    judged["outcome"] = choose(
        [
            (judged.is_final, None),
            (expelled & depends, "undetermined"),
            (expelled, "withdraw_auto"),
            (leaving & entered.isna(), "undetermined"),
            (leaving & nine_years & student.isin(away), None),
            (leaving & nine_years, "incomplete"),
            (skipping & (judged.grade + 2 <= last), "skip"),
            (~is_senior & repeating, "repeat"),
            (~is_senior, "promote"),
            (judged.best.ne(judged.worst), "undetermined"),
            (judged.best.eq("retain") & student.isin(out_of_retentions), "withdraw_auto"),
            (judged.best.eq("retain") & student.isin(unsaid), None),
        ],
        judged.best.astype(object),
    )
    return save([judged, unjudged], out / "promotion.parquet")


def of_the_stage(rows: pd.DataFrame, school_years: pd.Series, finalists: pd.DataFrame) -> pd.Series:
    """The students who have a row for a school year of their stage."""
    begun = pd.DataFrame({"id": rows["id"], "begun": begun_year(school_years)}).merge(finalists[["id", "stage_from"]], on="id")
    return begun["id"][begun.begun.ge(begun.stage_from) & begun.begun.le(POLICY.first_year)]


def stage_case(data: Path, finalists: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """A24.6 and the practice of A24.3: each condition as it is known, best and worst."""
    evaluations = read(data, "graduation", "综合素质评价")
    criminal_rows = evaluations[evaluations["犯罪记录"].eq("是")]
    criminal = of_the_stage(criminal_rows, criminal_rows["学年"], finalists)
    waivers = made[made["申请事项"].eq("社会实践豁免") & made.agreed & made.filed]
    known = finalists[["id"]].merge(evaluations[evaluations["学年"].eq(POLICY.school_year)], on="id", how="left")
    waived = known["id"].isin(of_the_stage(waivers, waivers.school_year, finalists))
    innocent = ~known["id"].isin(criminal)
    moral = known["思想品德与行为规范"]
    case = known[["id"]].assign(
        moral_best=innocent & ~moral.isin([*POLICY.failing_words, *common.STANDARD_MISSED]), moral_worst=innocent & moral.isin(POLICY.moral_passing_words)
    )
    weeks, reports = known["社会实践周数"], known["研究性学习报告数"]
    for name in CASES:
        reached = {}
        for column in ("研究型课程", "拓展型课程", "军事训练", "志愿服务", "农村社会实践"):
            reached[column] = ~known[column].isin(common.STANDARD_MISSED) if name == "best" else known[column].isin(common.STANDARD_REACHED)
        enough = weeks.ge(POLICY.social_practice_weeks) & reports.ge(POLICY.research_reports)
        if name == "best":
            enough = ~weeks.lt(POLICY.social_practice_weeks) & ~reports.lt(POLICY.research_reports)
        waivable = waived | reached["志愿服务"] & reached["农村社会实践"]
        case[f"practice_{name}"] = enough & waivable & reached["研究型课程"] & reached["拓展型课程"] & reached["军事训练"]
    return case


def sittings(exams: pd.DataFrame, students: pd.DataFrame, subjects, junior: bool) -> pd.DataFrame:
    """The sittings of students in their stage."""
    own = named(exams[exams["id"].isin(students["id"]) & happened(exams["考试日期"])], subjects, junior)
    own = own.merge(students[["id", "exams_from"]], on="id")
    return own[school_year_begun(own["考试日期"]) >= own.exams_from]


def junior_case(data: Path, finalists: pd.DataFrame, exams: pd.DataFrame, exemptions: pd.DataFrame) -> pd.DataFrame:
    """A24.2: everything passed, or the core passed and few others failed."""
    juniors = finalists[finalists.stage.eq("junior")]
    own = sittings(exams, juniors, POLICY.junior_exam, junior=True)
    own["school_year"] = school_year_of(own["考试日期"])
    sat = own[own["结果"].ne("免考")]
    sat = pd.DataFrame({"id": sat["id"], "subject": sat.subject, "passed": sat["结果"].eq("合格")}).groupby(["id", "subject"], as_index=False).any()
    physical = named(exemptions, [POLICY.physical_education], junior=True)[["id", "school_year"]].drop_duplicates()
    excused_rows = own[own.subject.eq(POLICY.physical_education) & own["结果"].eq("免考")].merge(physical, on=["id", "school_year"])
    excused = set(physical["id"][physical.school_year.eq(POLICY.school_year)]) | set(excused_rows["id"])
    subject = pd.DataFrame({"subject": POLICY.junior_exam})
    cases = juniors[["id"]].merge(subject, how="cross").merge(sat, on=["id", "subject"], how="left")
    owed = ~(cases.subject.eq(POLICY.physical_education) & cases["id"].isin(excused))
    cases = cases.assign(is_core=cases.subject.isin(POLICY.junior_core), best=owed & cases.passed.eq(False), worst=owed & ~cases.passed.eq(True))

    expected = list(POLICY.annual_subjects[common.LAST_JUNIOR_GRADE])
    results = read(data, "graduation", "学年成绩")
    results = results[results["学年"].eq(POLICY.school_year) & results["id"].isin(juniors["id"])]
    every_name = POLICY.subject_names(junior=True)
    results = results.assign(subject=results["科目"].replace(every_name), makeup=makeup_taken(results))
    results = results[~results.subject.isin(POLICY.junior_exam) & (results["学年总评"].notna() | results.subject.isin(expected))]
    wanted = juniors[["id"]].merge(pd.DataFrame({"subject": expected}), how="cross")
    results = results[["id", "subject", "学年总评", "makeup"]].merge(wanted, on=["id", "subject"], how="outer")
    stands = exemptions[exemptions.school_year.eq(POLICY.school_year)]
    stands = stands.assign(subject=stands["科目"].replace(every_name), exempted=True)[["id", "subject", "exempted"]].drop_duplicates()
    results = holds(results.merge(stands, on=["id", "subject"], how="left"), "exempted")
    unmended = results.makeup.ne("合格")
    exempt = results["学年总评"].eq("免修") & results.exempted
    others = results[["id"]].assign(is_core=False, best=fails(results["学年总评"]) & unmended, worst=~(passes(results["学年总评"]) | exempt) & unmended)
    both = pd.concat([cases[["id", "is_core", *CASES]], others])
    judged = pd.DataFrame({"id": juniors["id"]}).set_index("id")
    for case in CASES:
        everything = ~cases.groupby("id")[case].any()
        core = ~both[case].where(both.is_core, False).groupby(both["id"]).any()
        few = both[case].where(~both.is_core, False).groupby(both["id"]).sum() <= POLICY.junior_max_other_failing
        judged[f"junior_{case}"] = everything | core & few
    return judged.reset_index()


def senior_case(data: Path, finalists: pd.DataFrame, exams: pd.DataFrame) -> pd.DataFrame:
    """A24.3, A24.4 and A24.5 as far as subjects go."""
    seniors = finalists[finalists.stage.eq("senior")]
    own = sittings(exams[exams["结果"].notna() & exams["结果"].ne("免考")], seniors, POLICY.senior_exam, junior=False)
    own = own.assign(passed=own["结果"].eq("合格"), is_city=own["考次"].isin(common.CITY_SITTINGS)).sort_values("考试日期")
    city = own[own.is_city]
    passed = city.groupby(["id", "subject"], as_index=False).agg(passed=("passed", "any"))
    failed = city[~city.passed]
    # The failed sitting after which the school's own make-up counts: the first for some subjects, the second for others.
    needed = failed.subject.map(POLICY.failed_sittings_before_school_makeup)
    after = failed[failed.groupby(["id", "subject"]).cumcount().eq(needed - 1)][["id", "subject", "考试日期"]].rename(columns={"考试日期": "after"})
    makeup = own[~own.is_city].merge(after, on=["id", "subject"])
    makeup = makeup[makeup["考试日期"] > makeup.after].drop_duplicates(["id", "subject"])
    made_up = makeup[["id", "subject"]].assign(made_up=makeup.passed)
    assessed = read(data, "graduation", "校本考核")
    assessed = assessed[assessed["id"].isin(seniors["id"])]
    assessed = assessed.assign(subject=assessed["科目"].replace(POLICY.aliases)).groupby(["id", "subject"], as_index=False).agg(result=("考核结果", "max"))

    cases = seniors[["id", "is_foreign", "is_class"]].merge(pd.DataFrame({"subject": POLICY.senior_exam}), how="cross")
    for known in (passed, made_up, assessed):
        cases = cases.merge(known, on=["id", "subject"], how="left")
    was_sat, of_the_city = cases.passed.notna(), cases.subject.isin(POLICY.international_city)
    exam_passed = cases.passed.eq(True) | cases.made_up.eq(True)
    good = {"best": ~cases.result.isin(common.STANDARD_MISSED), "worst": cases.result.isin(common.STANDARD_REACHED)}
    unsat = {"best": of_the_city | ~cases.is_class, "worst": pd.Series(False, index=cases.index)}
    further = assessed[~assessed.subject.isin(POLICY.senior_exam)]
    further_good = {"best": ~further.result.isin(common.STANDARD_MISSED), "worst": further.result.isin(common.STANDARD_REACHED)}
    judged = seniors[["id"]].set_index("id")
    for case in CASES:
        by_school = cases.is_foreign.eq(True) & good[case] | ~cases.is_foreign.eq(True) & unsat[case]
        subject_passed = was_sat & exam_passed | ~was_sat & by_school
        student = cases["id"]
        judged[f"all_{case}"] = subject_passed.groupby(student).all()
        required = (subject_passed | ~cases.subject.isin(POLICY.athlete_required)).groupby(student).all()
        judged[f"athlete_{case}"] = (subject_passed.groupby(student).sum() >= POLICY.athlete_min_subjects) & required
        by_class = (of_the_city & subject_passed | ~of_the_city & good[case]).groupby(student).all()
        judged[f"class_{case}"] = by_class & further_good[case].groupby(further["id"]).all().reindex(judged.index, fill_value=True)
    return judged.reset_index()


def read_finalists(students: pd.DataFrame) -> pd.DataFrame:
    """The students of final grades, with the years of their stage and what their certificate depends on."""
    finalists = students[students.is_final].copy()
    first = choose([(finalists.stage.eq("primary"), 1), (finalists.stage.eq("junior"), finalists.last_primary + 1)], common.FIRST_GRADES["senior"])
    implied = POLICY.first_year - (finalists.grade - first)
    finalists["stage_from"] = year_of_entry(finalists["入学年月"]).fillna(implied)
    finalists["exams_from"] = np.minimum(finalists.stage_from, implied)
    finalists["is_class"] = finalists["学生类别"].eq(common.INTERNATIONAL_CLASS)
    nationality = finalists["国籍/地区"]
    is_chinese = nationality.str.contains("|".join(common.CHINESE_WORDS), na=False)
    document = finalists["证件类型"]
    has_resident_number = finalists["id"].str.startswith("G") & (document.isna() | document.str.contains("居民身份证", na=False))
    finalists["is_foreign"] = choose([(nationality.notna(), ~is_chinese), (has_resident_number, False)], None)
    return finalists


def graduation(data: Path, out: Path, _threads: int) -> int:
    """Everybody who is in a final grade."""
    students, unjudged = read_roster(data, "graduation")
    made, exemptions = read_applications(data, "graduation")
    finalists = read_finalists(students)
    exams = read(data, "graduation", "学业水平考试")
    known = finalists.merge(stage_case(data, finalists, made), on="id", how="left")
    known = known.merge(junior_case(data, finalists, exams, exemptions), on="id", how="left")
    known = known.merge(senior_case(data, finalists, exams), on="id", how="left")
    confirmed = read(data, "graduation", "学生运动员确认")
    confirmed = confirmed["id"][happened(confirmed["体育部门确认日期"]) & happened(confirmed["教育部门确认日期"])]
    applied = made[made["申请事项"].eq("学生运动员证书")]
    is_athlete = known["id"].isin(confirmed) & known["id"].isin(of_the_stage(applied, applied.school_year, finalists))
    is_senior, is_junior = known.stage.eq("senior"), known.stage.eq("junior")
    certificates = {}
    for case in CASES:
        by_class = known.is_class & known[f"class_{case}"].eq(True)
        ordinary = known[f"all_{case}"].eq(True) & known[f"practice_{case}"]
        athlete = is_athlete & known[f"athlete_{case}"].eq(True)
        certificates[case] = choose(
            [
                (~known[f"moral_{case}"].eq(True), "结业"),
                (is_junior & known[f"junior_{case}"].eq(False), "结业"),
                (~is_senior, "毕业"),
                (known.is_foreign.eq(True) & (by_class | ordinary | athlete), "GI"),
                (by_class, "GJ"),
                (ordinary, "毕业"),
                (athlete, "GT"),
            ],
            "结业",
        )
    best, worst = (pd.Series(certificates[case], index=known.index) for case in CASES)
    known["outcome"] = choose(
        [
            (is_senior & known["id"].isin(under(data, "graduation", "开除学籍")), "withdraw_auto"),
            (is_senior & known["id"].isin(under(data, "graduation", "留校察看")), "complete"),
            (is_senior & known.is_foreign.isna(), None),
            (best.ne(worst), "undetermined"),
            (best.eq("结业"), "complete"),
        ],
        "graduate",
    )
    others = students[~students.is_final].assign(outcome=None)
    return save([known, others, unjudged], out / "graduation.parquet")


def identity_holds(number: object) -> bool:
    """Whether an id has its form and its check character."""
    if not isinstance(number, str) or not re.match(common.IDENTITY_PATTERN, number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[1:18], common.IDENTITY_WEIGHTS))
    return common.CHECK_CHARACTERS[total % 11] == number[18]


def read_dates(cells: pd.Series) -> pd.Series:
    """Dates however a school writes them: as a date, as 2013-09-01 or as the number 20130901."""
    texts = cells.where(cells.isna(), cells.astype("str")).astype("str")
    compact = pd.to_datetime(texts.where(texts.str.len().eq(8)), format="%Y%m%d", errors="coerce")
    return compact.fillna(pd.to_datetime(texts.where(texts.str.len().ne(8)).str.slice(0, 10), format="%Y-%m-%d", errors="coerce"))


def typed(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Gives each column its type: the id trimmed and in capitals, dates and grades read."""
    frame = frame.assign(全国学籍号=frame["全国学籍号"].str.strip().str.upper())
    for column in common.DATE_COLUMNS[table]:
        frame[column] = read_dates(frame[column]).dt.date
    if "年级" in frame:
        frame["年级"] = frame["年级"].astype("str").map(common.grade_words()).astype("Int8")
    return frame.assign(id_ok=frame["全国学籍号"].map(identity_holds))


def workbooks(data: Path, out: Path, _threads: int) -> int:
    """The schools' workbooks as typed Parquet, opened with openpyxl."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in common.SHEETS}
    for path in common.workbooks_of(data):
        for name, cells in pd.read_excel(path, sheet_name=list(common.SHEETS), header=None, dtype=object, engine="openpyxl").items():
            header_row = cells[0].tolist().index("全国学籍号")
            below = cells.iloc[header_row + 1 :]
            below = below.set_axis([common.OTHER_HEADERS.get(header, header) for header in cells.iloc[header_row]], axis="columns")
            below = below[list(common.SHEETS[name])]
            parts[name].append(typed(name, below[below[common.FILLED_COLUMNS[name]].notna()]))
    return sum(save_table(pd.concat(frames, ignore_index=True), out / f"workbooks_{common.RESULT_FILES[name]}.parquet") for name, frames in parts.items())


def text_files(data: Path, out: Path, _threads: int) -> int:
    """The text files as typed Parquet."""
    rows = 0
    for table, encoding in common.TEXT_ENCODINGS.items():
        frames = [typed(table, pd.read_csv(file, dtype="str", encoding=encoding)) for file in common.text_files_of(data, table)]
        rows += save_table(pd.concat(frames, ignore_index=True), out / f"csv_{common.RESULT_FILES[table]}.parquet")
    return rows


def save_table(frame: pd.DataFrame, path: Path) -> int:
    """Writes a table and says how many rows it has."""
    frame.to_parquet(path, compression="zstd", index=False)
    return len(frame)


if __name__ == "__main__":
    common.run({"promotion": promotion, "graduation": graduation, "workbooks": workbooks, "csv": text_files})
