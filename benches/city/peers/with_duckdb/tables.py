"""The city's tables in DuckDB, and the steps that promotion and graduation share: who is judged, what was applied for, what is in force."""

from pathlib import Path

import common
import duckdb
import policy as policies

POLICY = policies.read()
AS_OF = f"date '{POLICY.as_of}'"
THIS_YEAR = f"'{POLICY.school_year}'"


def words(values) -> str:
    """A list of words for SQL's `in`."""
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def connect(out: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory that may spill beside its results."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}; set preserve_insertion_order = false; set temp_directory = '{out}/spill'")
    connection.execute(
        f"""
        create macro school_year_begun(day) as year(day) - (month(day) < 9)::integer;
        create macro school_year_of(day) as printf('%d-%d', school_year_begun(day), school_year_begun(day) + 1);
        create macro happened(day) as coalesce(day <= {AS_OF}, false);
        create macro year_of_entry(month) as left(month, 4)::integer - (substr(month, 6, 2)::integer < 9)::integer;
        -- Marks are rare among words, and only what is no word is tried as a number.
        create macro passes(result) as case when result in {words(POLICY.passing_words)} then true
          else coalesce(try_cast(result as double) >= {POLICY.passing_mark}, false) end;
        create macro fails(result) as case when result in {words(POLICY.failing_words)} then true
          else coalesce(try_cast(result as double) < {POLICY.passing_mark}, false) end;
        """
    )
    return connection


def open_tables(connection: duckdb.DuckDBPyConnection, data: Path, item: str) -> None:
    """Makes each table of the item a view over its files; a table that the city does not have is empty."""
    types = {"text": "varchar", "number": "integer", "date": "date"}
    for table, columns in common.COLUMNS_READ[item].items():
        files = [str(path) for path in common.files_of(data, table)]
        if files:
            connection.execute(f'create view "{table}" as select * from read_parquet({files})')
        else:
            empty = ", ".join(f'null::{types[common.kind_of(column)]} as "{column}"' for column in columns)
            connection.execute(f'create view "{table}" as select {empty} where false')


def write(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Writes a query's rows to Parquet and says how many there are."""
    return connection.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)").fetchone()[0]


def name_subjects(connection: duckdb.DuckDBPyConnection, table: str, subjects, junior: bool) -> None:
    """A table of the names under which subjects stand in the files, so that one join keeps the wanted rows and names them."""
    written = [(subject, subject, place) for place, subject in enumerate(subjects)]
    names = POLICY.subject_names(junior)
    written = [row for row in written if names.get(row[0], row[0]) == row[0]]
    written += [(name, subject, subjects.index(subject)) for name, subject in names.items() if subject in subjects]
    connection.execute(f"create temp table {table} (written varchar, subject varchar, place integer)")
    connection.executemany(f"insert into {table} values (?, ?, ?)", written)


def read_roster(connection: duckdb.DuckDBPyConnection, columns: str) -> None:
    """One row for each student who is active, and the ids of those who are in no active row."""
    six_years = " or ".join(f"学制 like '%{word}%'" for word in common.SIX_YEAR_PRIMARY_WORDS)
    connection.execute(
        f"""
        create temp table roster as
        with school as (select 学校代码, bool_or({six_years}) as has_six_years from 学校名录 group by 学校代码)
        select 全国学籍号 as id, 年级 as grade, 学籍状态 as status,
          case when has_six_years then 6 else 5 end as last_primary_grade, {columns}
        from 学籍名册 left join school using (学校代码) where 全国学籍号 is not null;
        create temp view active as select * from roster where status is null or status not in {words(common.LEFT_SCHOOL)};
        create temp table gone as
        select distinct id from roster where status in {words(common.LEFT_SCHOOL)} and id not in (select id from active);
        create temp view student as
        select *, case when grade <= last_primary_grade then 'primary'
            when grade <= {common.LAST_JUNIOR_GRADE} then 'junior' else 'senior' end as stage,
          grade in (last_primary_grade, {common.LAST_JUNIOR_GRADE}, {common.LAST_SENIOR_GRADE}) as is_final
        from active where status = '在读' and grade is not null;
        """
    )


def read_applications(connection: duckdb.DuckDBPyConnection, more: str = "") -> None:
    """The applications made, each with the school year it is for, and the exemptions that stand (A23)."""
    months = POLICY.exemption_certificate_months
    connection.execute(
        f"""
        create temp table application as
        select 全国学籍号 as id, 申请事项 as matter, coalesce(学年, school_year_of(申请日期)) as school_year, 申请日期 as applied,
          case 申请事项 when '体育免修' then coalesce(科目, '{POLICY.physical_education}') else 科目 end as written,
          happened(学校同意日期) as school_agreed, happened(区备案日期) as district_filed, 证明日期 as certified {more}
        from 申请 where happened(申请日期);
        create temp table exemption as
        select distinct id, written, school_year from application
        where school_agreed and district_filed and (matter = '免修' or matter = '体育免修' and certified <= {AS_OF}
          and certified <= applied and applied <= certified + interval {months} month);
        """
    )


def in_force(measure: str) -> str:
    """The students under a disciplinary measure (A41)."""
    return f"""select distinct 全国学籍号 as id from 处分 where 处分类型 = '{measure}' and happened(处分日期) and happened(会议通过日期)
        and happened(区报备日期) and not happened(撤销日期)"""
