"""The city's tables as lazy frames, and the steps that promotion and graduation share: who is judged, what was applied for."""

import os
import sys
from pathlib import Path

if "--threads" in sys.argv:
    # Polars reads this when it is imported.
    os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import common
import policy as policies
import polars as pl
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
        has_six_years = pl.any_horizontal(
            col("学制").str.contains(word, literal=True).fill_null(False) for word in common.SIX_YEAR_PRIMARY_WORDS
        )
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
        stage = (
            when(col("grade") <= col("last_primary"))
            .then(lit("primary"))
            .when(col("grade") <= common.LAST_JUNIOR_GRADE)
            .then(lit("junior"))
            .otherwise(lit("senior"))
        )
        is_final = (col("grade") == col("last_primary")) | col("grade").is_in([common.LAST_JUNIOR_GRADE, common.LAST_SENIOR_GRADE])
        self.students = self.active.filter((col("学籍状态") == "在读") & col("grade").is_not_null()).with_columns(
            stage=stage, is_final=is_final
        )

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
        certified = happened("证明日期") & col("申请日期").is_between(col("证明日期"), col("证明日期").dt.offset_by(months)).fill_null(
            False
        )
        stands = (col("申请事项") == "免修") | is_physical & certified
        self.exemptions = self.made.filter(col("agreed") & col("filed") & stands).select("id", "科目", "school_year").unique()

    def about(self, matter: str) -> pl.LazyFrame:
        """The applications of one matter."""
        return self.made.filter(col("申请事项") == matter)

    def of_the_stage(self, matter: str, finalists: pl.LazyFrame) -> pl.LazyFrame:
        """The applications of one matter for any year of the student's stage."""
        begun = col("school_year").str.slice(0, 4).cast(pl.Int32)
        return (
            self.about(matter)
            .join(finalists.select("id", "stage_from"), on="id")
            .filter(begun.is_between(col("stage_from"), POLICY.first_year))
        )


def under(measures: pl.LazyFrame, measure: str, mark: str) -> pl.LazyFrame:
    """The students under a disciplinary measure (A41)."""
    stands = happened("处分日期") & happened("会议通过日期") & happened("区报备日期") & ~happened("撤销日期")
    return marked(measures.filter((col("处分类型") == measure) & stands).with_columns(ID), mark)


def makeup_taken() -> pl.Expr:
    """The result of the make-up, as far as it has taken place."""
    return when((col("补考日期") <= AS_OF).fill_null(True)).then(col("补考"))
