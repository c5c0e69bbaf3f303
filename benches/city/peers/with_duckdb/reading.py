"""Workbooks and text files into typed Parquet with DuckDB."""

from pathlib import Path

import common
import sheets

from with_duckdb.tables import connect, write


def identity_holds(column: str, number: str) -> str:
    """Whether an id has its form and its check character; `number` holds its digits, for dividing is faster than cutting texts."""
    last = len(common.IDENTITY_WEIGHTS) - 1
    total = " + ".join(f"({number} // {10 ** (last - place)} % 10) * {weight}" for place, weight in enumerate(common.IDENTITY_WEIGHTS))
    check = f"substr('{common.CHECK_CHARACTERS}', ({total}) % 11 + 1, 1) = substr({column}, 19, 1)"
    return f"coalesce(regexp_matches({column}, '{common.IDENTITY_PATTERN}') and {check}, false)"


def typed(table: str, columns, source: str) -> str:
    """A query that gives each column of a table of texts its type: the id trimmed and in capitals, dates and grades read."""
    grade = " ".join(f"when '{word}' then {number}" for word, number in common.grade_words().items())
    chosen = []
    for column in columns:
        text = f'"{column}"'
        if column == "全国学籍号":
            text = f"upper(trim({text}))"
        elif column in common.DATE_COLUMNS[table]:
            text = f"case when length({text}) = 8 then try_strptime({text}, '%Y%m%d')::date else try_cast(left({text}, 10) as date) end"
        elif column == "年级":
            text = f"(case {text} {grade} end)::tinyint"
        chosen.append(f'{text} as "{column}"')
    return f"""select * exclude (digits), {identity_holds("全国学籍号", "digits")} as id_ok
        from (select *, try_cast(substr(全国学籍号, 2, 17) as bigint) as digits from (select {", ".join(chosen)} from {source}))"""


def workbooks(data: Path, out: Path, threads: int) -> int:
    """The schools' workbooks as typed Parquet."""
    connection = connect(out, threads)
    rows = 0
    for table, cells in sheets.read_all(data, threads).items():
        connection.register("cells", cells)
        source = f'cells where "{common.FILLED_COLUMNS[table]}" is not null'
        rows += write(connection, typed(table, common.SHEETS[table], source), out / f"workbooks_{common.RESULT_FILES[table]}.parquet")
    return rows


def text_files(data: Path, out: Path, threads: int) -> int:
    """The text files as typed Parquet."""
    connection = connect(out, threads)
    rows = 0
    for table in common.TEXT_ENCODINGS:
        files = [str(file) for file in common.in_utf8(data, table, out / "utf8", threads)]
        read = f"read_csv({files}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', nullstr = '')"
        columns = [name for name, *_ in connection.execute(f"describe select * from {read}").fetchall()]
        rows += write(connection, typed(table, columns, read), out / f"csv_{common.RESULT_FILES[table]}.parquet")
    return rows
