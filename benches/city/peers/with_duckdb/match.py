"""The registry against the exam authority's list by exact keys: by national id, and what that leaves by the number of the document; names are
compared without spaces and with one kind of dot. Beside it, ids in two schools, and one name, birthday and sex under two ids.

A row for each student and each row of the list that is nobody's.
"""

from pathlib import Path

import common
import duckdb

from with_duckdb.tables import words


def folded(name: str) -> str:
    """A name as it is compared."""
    return f"replace(replace(replace({name}, ' ', ''), '　', ''), '•', '·')"


def match(data: Path, out: Path, threads: int) -> int:
    """Everybody's class: MATCH, NAME_DIFF, DOCUMENT, DOCUMENT_NAME_DIFF, ROSTER_ONLY or LIST_ONLY."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set preserve_insertion_order = false; set temp_directory = '{out}/spill'")
    files = {table: [str(path) for path in common.files_of(data, table)] for table in common.COLUMNS_READ["match"]}
    connection.execute(
        f"""
        create temp table student as
        select 全国学籍号 as id, min({folded("姓名")}) as name, min(性别) as sex, min(出生日期) as birth, upper(min(证件号码)) as document,
          count(distinct 学校代码) as schools
        from read_parquet({files["学籍名册"]})
        where 全国学籍号 is not null and (学籍状态 is null or 学籍状态 not in {words(common.LEFT_SCHOOL)}) group by 全国学籍号;
        create temp table list as
        select file_row_number + 1 as row, 全国学籍号 as id, upper(证件号码) as document, {folded("姓名")} as name
        from read_parquet({files["学业水平考试"]}, file_row_number = true);
        create temp table by_id as
        select student.id, row, if(student.name = list.name, 'MATCH', 'NAME_DIFF') as class from list join student using (id);
        create temp table by_document as
        with paper as (select document, min(id) as id, min(name) as name from student where document is not null
          group by document having count(*) = 1),
        rest as (from list where row not in (select row from by_id))
        select paper.id, row, if(paper.name = rest.name, 'DOCUMENT', 'DOCUMENT_NAME_DIFF') as class from rest join paper using (document);
        create temp table pair as from by_id union all from by_document;
        """
    )
    return connection.execute(
        f"""
        copy (
          with same_person as (
            select name, birth, sex, count(*) as ids from student group by all having count(*) > 1),
          found as (
            select coalesce(pair.id, student.id) as student_id, row, coalesce(class, 'ROSTER_ONLY') as class, schools, name, birth, sex
            from student full outer join pair on student.id = pair.id)
          select student_id, row, class, schools, coalesce(ids, 1) as ids from found left join same_person using (name, birth, sex)
          union all
          select null, row, 'LIST_ONLY', null, null from list where row not in (select row from pair)
        ) to '{out}/match.parquet' (format parquet, compression zstd)"""
    ).fetchone()[0]
