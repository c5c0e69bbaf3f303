"""Promotion in pandas, by section 4 of the rules.

What is unknown of a senior is taken as passed once (`best`) and as failed once (`worst`); more failures never lead to a better outcome,
so equal answers decide. A missing outcome says that this peer does not answer for the student.
"""

from pathlib import Path

import common
import pandas as pd

from with_pandas.tables import (
    POLICY,
    choose,
    fails,
    happened,
    holds,
    makeup_taken,
    named,
    passes,
    read,
    read_applications,
    read_roster,
    save,
    school_year_begun,
    under,
    year_of_entry,
)


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
    exempted = (
        named(exemptions[exemptions.school_year.eq(POLICY.school_year)], every, junior=False)[["id", "subject"]]
        .drop_duplicates()
        .assign(exempted=True)
    )
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
            "failing": failed,
            "core": failed & unmended & is_core,
            "others": failed & unmended & ~is_core,
            "core_lost": failed & lost & is_core,
            "others_lost": failed & lost & ~is_core,
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
    last = choose(
        [(judged.stage.eq("primary"), judged.last_primary), (judged.stage.eq("junior"), common.LAST_JUNIOR_GRADE)], common.LAST_SENIOR_GRADE
    )
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
