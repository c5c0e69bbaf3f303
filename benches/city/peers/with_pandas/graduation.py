"""Graduation in pandas, by section 5 of the rules; what is unknown is taken as passed once and as failed once, as in promotion."""

from pathlib import Path

import common
import numpy as np
import pandas as pd

from with_pandas.tables import (
    CASES,
    POLICY,
    begun_year,
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
    school_year_of,
    under,
    year_of_entry,
)


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
        moral_best=innocent & ~moral.isin([*POLICY.failing_words, *common.STANDARD_MISSED]),
        moral_worst=innocent & moral.isin(POLICY.moral_passing_words),
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
    sat = (
        pd.DataFrame({"id": sat["id"], "subject": sat.subject, "passed": sat["结果"].eq("合格")})
        .groupby(["id", "subject"], as_index=False)
        .any()
    )
    physical = named(exemptions, [POLICY.physical_education], junior=True)[["id", "school_year"]].drop_duplicates()
    excused_rows = own[own.subject.eq(POLICY.physical_education) & own["结果"].eq("免考")].merge(physical, on=["id", "school_year"])
    excused = set(physical["id"][physical.school_year.eq(POLICY.school_year)]) | set(excused_rows["id"])
    subject = pd.DataFrame({"subject": POLICY.junior_exam})
    cases = juniors[["id"]].merge(subject, how="cross").merge(sat, on=["id", "subject"], how="left")
    owed = ~(cases.subject.eq(POLICY.physical_education) & cases["id"].isin(excused))
    cases = cases.assign(
        is_core=cases.subject.isin(POLICY.junior_core), best=owed & cases.passed.eq(False), worst=owed & ~cases.passed.eq(True)
    )

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
    others = results[["id"]].assign(
        is_core=False, best=fails(results["学年总评"]) & unmended, worst=~(passes(results["学年总评"]) | exempt) & unmended
    )
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
    after = failed[failed.groupby(["id", "subject"]).cumcount().eq(needed - 1)][["id", "subject", "考试日期"]].rename(
        columns={"考试日期": "after"}
    )
    makeup = own[~own.is_city].merge(after, on=["id", "subject"])
    makeup = makeup[makeup["考试日期"] > makeup.after].drop_duplicates(["id", "subject"])
    made_up = makeup[["id", "subject"]].assign(made_up=makeup.passed)
    assessed = read(data, "graduation", "校本考核")
    assessed = assessed[assessed["id"].isin(seniors["id"])]
    assessed = (
        assessed.assign(subject=assessed["科目"].replace(POLICY.aliases))
        .groupby(["id", "subject"], as_index=False)
        .agg(result=("考核结果", "max"))
    )

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
    first = choose(
        [(finalists.stage.eq("primary"), 1), (finalists.stage.eq("junior"), finalists.last_primary + 1)], common.FIRST_GRADES["senior"]
    )
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
