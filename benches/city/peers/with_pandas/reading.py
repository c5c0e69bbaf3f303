"""Workbooks, opened with openpyxl, and text files into typed Parquet with pandas."""

import re
from pathlib import Path

import common
import pandas as pd


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
    return sum(
        save_table(pd.concat(frames, ignore_index=True), out / f"workbooks_{common.RESULT_FILES[name]}.parquet")
        for name, frames in parts.items()
    )


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
