"""What the peers share: the tables and columns an item reads, identity numbers, the words of the files, and how a peer is run.

Nothing here decides anything about a student. `COLUMNS_READ` serves three purposes: it tells the peers what to load, it gives a table
that a city happens not to have its empty shape, and it tells the floors what has to be decoded at the least.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LEFT_SCHOOL = ("中断", "退学", "转出", "毕业", "结业", "肄业", "开除", "死亡")
CITY_SITTINGS = ("首考", "补考")
SCHOOL_MAKEUP = "校补考"
INTERNATIONAL_CLASS = "国际课程班"
# 香港, 澳门 and 台湾 receive the ordinary certificate (A49).
CHINESE_WORDS = ("中国", "中华人民共和国", "香港", "澳门", "台湾")
SIX_YEAR_PRIMARY_WORDS = ("六三", "六年制小学", "6-3")
STANDARD_REACHED = ("达标", "合格", "优秀", "良好")
STANDARD_MISSED = ("不达标", "不合格", "未达标")
FIRST_GRADES = {"primary": 1, "junior": 6, "senior": 10}
LAST_JUNIOR_GRADE, LAST_SENIOR_GRADE = 9, 12

RESULT_COLUMNS = ("全国学籍号", "学年", "科目", "学年总评", "补考", "补考日期")
EVALUATION_COLUMNS = tuple(
    "全国学籍号 学年 思想品德与行为规范 犯罪记录 研究型课程 拓展型课程 志愿服务 军事训练 农村社会实践 社会实践周数 研究性学习报告数".split()
)
EXAM_COLUMNS = ("全国学籍号", "科目", "考试日期", "考次", "结果")
DISCIPLINE_COLUMNS = ("全国学籍号", "处分类型", "处分日期", "会议通过日期", "区报备日期", "撤销日期")
APPLICATION_COLUMNS = ("全国学籍号", "申请事项", "学年", "科目", "申请日期", "学校同意日期", "区备案日期", "证明日期")

COLUMNS_READ: dict[str, dict[str, tuple[str, ...]]] = {
    "promotion": {
        "学籍名册": ("全国学籍号", "学校代码", "年级", "学籍状态", "小学入学年月"),
        "学校名录": ("学校代码", "学制"),
        "学年成绩": RESULT_COLUMNS,
        "学业水平考试": EXAM_COLUMNS,
        "学籍异动": ("全国学籍号", "异动类型", "学年", "年级", "生效日期"),
        "申请": (*APPLICATION_COLUMNS, "公示日期", "公示结果"),
        "处分": DISCIPLINE_COLUMNS,
    },
    "graduation": {
        "学籍名册": ("全国学籍号", "学校代码", "年级", "学籍状态", "入学年月", "学生类别", "证件类型", "国籍/地区"),
        "学校名录": ("学校代码", "学制"),
        "学年成绩": RESULT_COLUMNS,
        "学业水平考试": EXAM_COLUMNS,
        "综合素质评价": EVALUATION_COLUMNS,
        "校本考核": ("全国学籍号", "科目", "考核结果"),
        "申请": APPLICATION_COLUMNS,
        "学生运动员确认": ("全国学籍号", "体育部门确认日期", "教育部门确认日期"),
        "处分": DISCIPLINE_COLUMNS,
    },
}
# The watch: the truancy rule alone, by whichever form of attendance.
WATCH_COLUMNS = {
    "学籍名册": ("全国学籍号", "年级", "学籍状态", "就读方式"),
    "考勤": ("全国学籍号", "日期", "考勤"),
    "督促记录": ("全国学籍号", "督促日期"),
    "学籍异动": ("全国学籍号", "异动类型", "生效日期", "截止日期", "区批准日期"),
}
WATCH_DAY = "2026-01-16"
WATCH_ITEMS = ("watch_exceptions", "watch_by_student", "watch_by_date")
COLUMNS_READ |= {item: WATCH_COLUMNS for item in WATCH_ITEMS}
# The audit: the checks that one query a clause can do. The rest of it (transfers, suspensions, measures) is no query of an hour.
COLUMNS_READ["audit"] = {
    "学籍名册": ("全国学籍号", "上海市学籍号", "出生日期", "年级", "小学入学年月", "学籍状态", "信息核对日期"),
    "档案清单": ("全国学籍号", "材料类别"),
}
AUDIT_DAY = "2026-07-05"
# Matching: the registry against the exam authority's list.
COLUMNS_READ["match"] = {
    "学籍名册": ("全国学籍号", "姓名", "性别", "出生日期", "证件号码", "学校代码", "学籍状态"),
    "学业水平考试": ("全国学籍号", "证件号码", "姓名"),
}
ABSENCES = ("旷课", "病假", "事假", "停课")
TAUGHT_ELSEWHERE = ("送教上门", "专门学校")
WHOLE_NUMBER_COLUMNS = ("年级", "社会实践周数", "研究性学习报告数")

# The tables that are read from workbooks and from text files: a column that every row fills (a total below the rows does not), and
# the columns that become dates.
ROSTER_COLUMNS = (
    "全国学籍号 上海市学籍号 姓名 性别 出生日期 证件类型 证件号码 国籍/地区 区 学校代码 学校名称 年级 班级 "
    "小学入学年月 入学年月 学生类别 学籍状态 就读方式 学制年限 信息核对日期 建籍日期"
).split()
SHEETS = {"学籍名册": ROSTER_COLUMNS, "学年成绩": RESULT_COLUMNS}
FILLED_COLUMNS = {"学籍名册": "姓名", "学年成绩": "科目"}
DATE_COLUMNS = {"学籍名册": ("出生日期", "建籍日期"), "学业水平考试": ("考试日期",), "学年成绩": ("补考日期",)}
# What some schools head these columns with.
OTHER_HEADERS = {"身份证号": "证件号码", "出生年月日": "出生日期", "校名": "学校名称", "总评": "学年总评"}
TEXT_ENCODINGS = {"学籍名册": "gb18030", "学业水平考试": "gb18030", "学年成绩": "utf-8"}
TEXT_FOLDERS = {"gb18030": "gb18030", "utf-8": "utf8"}
RESULT_FILES = {"学籍名册": "roster", "学业水平考试": "exams", "学年成绩": "course_results"}

# GB 11643: the weights of the first seventeen digits, and the check character by the sum's rest.
IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
IDENTITY_PATTERN = "^G[0-9]{17}[0-9X]$"


def grade_words() -> dict[str, int]:
    """How schools write a grade in words or figures, and the number it is."""
    numerals = "一二三四五六七八九"
    words = {str(grade): grade for grade in range(1, LAST_SENIOR_GRADE + 1)}
    for grade, numeral in enumerate(numerals, start=1):
        words.update({f"{numeral}年级": grade, f"{grade}年级": grade, numeral: grade})
        if grade < FIRST_GRADES["junior"]:
            words.update({f"小{numeral}": grade, f"小学{numeral}年级": grade})
    for place, numeral in enumerate("一二三四"):
        words.update({f"初{numeral}": 6 + place, f"初中{numeral}年级": 6 + place})
    for place, (numeral, word) in enumerate(zip("一二三", ("十", "十一", "十二"))):
        grade = FIRST_GRADES["senior"] + place
        words.update({f"高{numeral}": grade, f"高中{numeral}年级": grade, f"{word}年级": grade, f"{grade}年级": grade})
    return words


def kind_of(column: str) -> str:
    """What a column of the Parquet files holds: date, number or text. 信息核对日期 is typed as text by schools."""
    if column in WHOLE_NUMBER_COLUMNS:
        return "number"
    return "date" if column.endswith("日期") and column != "信息核对日期" else "text"


def files_of(folder: Path, table: str, form: str = "parquet") -> list[Path]:
    """The files of a table, one a district. Odd files that lie deeper are nobody's table."""
    return sorted(folder.glob(f"*/{table}.{form}"))


def text_files_of(folder: Path, table: str) -> list[Path]:
    """The text files of a table, in the folder of their encoding."""
    return files_of(folder / TEXT_FOLDERS[TEXT_ENCODINGS[table]], table, "csv")


def workbooks_of(folder: Path) -> list[Path]:
    """The schools' workbooks, by their codes; other files beside them are no school's."""
    return sorted(path for path in folder.glob("*/*.xlsx") if path.stem.isdigit())


def in_utf8(folder: Path, table: str, scratch: Path, threads: int) -> list[Path]:
    """The text files of a table for a reader that knows UTF-8 alone: others are turned over by iconv, several side by side."""
    files = text_files_of(folder, table)
    if TEXT_ENCODINGS[table] == "utf-8":
        return files
    scratch.mkdir(parents=True, exist_ok=True)
    targets = [scratch / f"{file.parent.name}-{table}.csv" for file in files]

    def turn_over(file: Path, target: Path) -> None:
        with target.open("wb") as out:
            subprocess.run(["iconv", "-f", TEXT_ENCODINGS[table], "-t", "utf-8", str(file)], stdout=out, check=True)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(turn_over, files, targets))
    return targets


def run(items: dict[str, Callable[[Path, Path, int], int]]) -> None:
    """Runs one item of a peer and prints what it cost, imports and the interpreter's start left out."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("item", choices=list(items))
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--threads", type=int, required=True)
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    wall, processor = time.perf_counter(), time.process_time()
    rows = items[chosen.item](chosen.data, chosen.out, chosen.threads)
    print(json.dumps({"work_seconds": time.perf_counter() - wall, "work_cpu_seconds": time.process_time() - processor, "rows": rows}))
