"""The registry against the exam authority's list by exact keys: by national id, and what that leaves by the number of the document; names are
compared without spaces and with one kind of dot. Beside it, ids in two schools, and one name, birthday and sex under two ids.

A row for each student and each row of the list that is nobody's.
"""

from pathlib import Path

from with_polars.tables import kept, write  # noqa: I001  Sets the number of threads before Polars is imported.

import common
import polars as pl
from polars import col, lit, when

SPACES_AND_DOTS = {" ": "", "　": "", "•": "·"}


def folded() -> pl.Expr:
    """A name as it is compared."""
    return col("姓名").str.replace_many(SPACES_AND_DOTS).alias("name")


def classed(is_named: str, is_named_otherwise: str) -> pl.Expr:
    """The class of a pair, by whether the names are the same."""
    return when(col("name") == col("name_right")).then(lit(is_named)).otherwise(lit(is_named_otherwise)).alias("class")


def match(data: Path, out: Path, _threads: int) -> int:
    """Everybody's class: MATCH, NAME_DIFF, DOCUMENT, DOCUMENT_NAME_DIFF, ROSTER_ONLY or LIST_ONLY."""
    roster, exams = (pl.scan_parquet(common.files_of(data, table), row_index_name="row") for table in common.COLUMNS_READ["match"])
    has_left = col("学籍状态").is_in(common.LEFT_SCHOOL).fill_null(False)
    student = kept(
        roster.filter(col("全国学籍号").is_not_null() & ~has_left)
        .group_by(id=col("全国学籍号"))
        .agg(
            folded().min(),
            sex=col("性别").min(),
            birth=col("出生日期").min(),
            document=col("证件号码").min().str.to_uppercase(),
            schools=col("学校代码").n_unique(),
        )
    )
    listed = kept(exams.select(folded(), row=col("row") + 1, id="全国学籍号", document=col("证件号码").str.to_uppercase()))
    by_id = kept(listed.join(student, on="id").select("id", "row", classed("MATCH", "NAME_DIFF")))
    papers = student.filter(col("document").is_not_null()).group_by("document").agg(col("id", "name").first(), students=pl.len())
    rest = listed.join(by_id, on="row", how="anti").drop("id")
    by_document = rest.join(papers.filter(col("students") == 1), on="document")
    pairs = kept(pl.concat([by_id, by_document.select("id", "row", classed("DOCUMENT", "DOCUMENT_NAME_DIFF"))]))
    person = ["name", "birth", "sex"]
    same_person = student.group_by(person).agg(ids=pl.len()).filter(col("ids") > 1)
    of_student = (
        student.join(same_person, on=person, how="left", nulls_equal=True)
        .join(pairs, on="id", how="left")
        .select(
            "row",
            student_id="id",
            schools=col("schools").cast(pl.Int64),
            ids=col("ids").fill_null(1).cast(pl.Int64),
            **{"class": col("class").fill_null("ROSTER_ONLY")},
        )
    )
    nobody = listed.join(pairs, on="row", how="anti").select("row", **{"class": lit("LIST_ONLY")})
    return write(pl.concat([of_student, nobody], how="diagonal"), out / "match.parquet")
