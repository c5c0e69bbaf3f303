"""The city's tables as data frames, and the steps that promotion and graduation share: who is judged, what was applied for."""

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
    students["stage"] = choose(
        [(students.grade <= students.last_primary, "primary"), (students.grade <= common.LAST_JUNIOR_GRADE, "junior")], "senior"
    )
    students["is_final"] = students.grade.eq(students.last_primary) | students.grade.isin(
        [common.LAST_JUNIOR_GRADE, common.LAST_SENIOR_GRADE]
    )
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
    stands = (
        happened(measures["处分日期"])
        & happened(measures["会议通过日期"])
        & happened(measures["区报备日期"])
        & ~happened(measures["撤销日期"])
    )
    return measures["id"][stands & measures["处分类型"].eq(measure)]


def makeup_taken(results: pd.DataFrame) -> pd.Series:
    """The results of make-ups, as far as these have taken place."""
    return results["补考"].where(~results["补考日期"].gt(AS_OF))


def save(frames: list[pd.DataFrame], path: Path) -> int:
    """Writes the outcomes and says how many there are."""
    outcomes = pd.concat([frame[["id", "outcome"]] for frame in frames], ignore_index=True).rename(columns={"id": "student_id"})
    outcomes.to_parquet(path, compression="zstd", index=False)
    return len(outcomes)
