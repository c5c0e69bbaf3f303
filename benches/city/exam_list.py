"""The exam authority's list of a city: a row for nearly every student at school, in an order of its own, with the damage that lists have.

    exam_list.py --source DIR --out DIR --truth FILE --seed S

What is wrong and how often stands in DAMAGE; at most one thing is wrong with a row. The truth says which row is whose, beside the inputs.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

import common
import duckdb

ROSTER, LIST = "学籍名册", "学业水平考试"
ROW_GROUP = 1 << 17
# Of ten thousand rows: not on the list, a name with spaces, another character of the same sound, another character, an id with a wrong digit
# beside a document or alone, a document without an id (as it is, or with a small x), and beside the row one of somebody unknown.
DAMAGE = {
    "missing": 50,
    "spaces": 200,
    "homophone": 30,
    "slip": 10,
    "wrong_digit": 20,
    "wrong_digit_alone": 5,
    "document": 200,
    "small_x": 20,
    "with_stranger": 5,
}
TEN_THOUSAND = 10_000
# Characters of given names, and as many of the same sound.
SOUND = "斌炳博辰诚崇迪东凡峰刚翰昊鸿吉佳建锦钧凯科坤磊霖龙民铭牧启庆全瑞升世舜天伟曦祥新阳尧毅勇友宇远岳哲志子蓓采楚菲慧静兰丽灵梅琪清怡颖雨紫"
SAME_SOUND = "滨秉渤宸城翀笛冬帆锋钢瀚灏宏骥嘉健晋军恺珂堃雷林隆旻鸣沐琦卿泉锐昇时顺添维希翔欣扬耀逸永佑昱渊悦喆智梓贝彩初霏惠婧岚俐玲美祺晴依莹钰梓"
SLIP = "口"
# No student of a city is born in this region.
NOWHERE = "659004"


def numbered(seventeen: str) -> str:
    """An ID number from its first seventeen digits, in SQL."""
    weighted = " + ".join(f"substr(part, {place}, 1)::integer * {weight}" for place, weight in enumerate(common.IDENTITY_WEIGHTS, 1))
    check = f"substr('{common.CHECK_CHARACTERS}', ({weighted}) % 11 + 1, 1)"
    return f"(list_transform([{seventeen}], lambda part: part || {check})[1])"


def kinds() -> str:
    """The kind of damage by a number below ten thousand, as a case of SQL."""
    cases, until = [], 0
    for kind, often in DAMAGE.items():
        until += often
        cases.append(f"when chance < {until} then '{kind}'")
    return f"case {' '.join(cases)} else '' end"


def main() -> None:
    """Makes the list and its truth."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--source", "--out", "--truth"):
        arguments.add_argument(name, type=Path, required=True)
    arguments.add_argument("--seed", type=int, required=True)
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    # The chance of a student is a hash of the id, so that the list is the same whatever order the files are read in.
    drawn = f"hash(全国学籍号 || ' {chosen.seed}')"
    query = f"""
        with student as (
          select 全国学籍号 as student_id, min(证件号码) as document, min(姓名) as 姓名, {drawn} as number, {drawn} % {TEN_THOUSAND} as chance
          from read_parquet('{chosen.source}/*/{ROSTER}.parquet') where 学籍状态 = '在读' and 全国学籍号 is not null group by all),
        named as (
          select *, {kinds()} as damage, number // {TEN_THOUSAND} % 2 = 0 as is_even from student),
        listed as (
          select *, case damage
              when 'spaces' then case when is_even then 姓名[1] || ' ' || 姓名[2:] else 姓名[1] || '　' || 姓名[2:] || ' ' end
              when 'homophone' then 姓名[1] || translate(姓名[2:], '{SOUND}', '{SAME_SOUND}')
              when 'slip' then 姓名[:-2] || '{SLIP}'
              else case when is_even then replace(姓名, '·', '•') else 姓名 end end as name,
            case when damage like 'wrong_digit%' then student_id[:15] || ((student_id[16]::integer + 1) % 10)::varchar || student_id[17:]
              when damage in ('document', 'small_x') and document is not null then null else student_id end as id,
            case damage when 'wrong_digit_alone' then null when 'small_x' then lower(document) else document end as paper
          from named where damage <> 'missing'),
        unknown as (
          select null, null, '', hash(number), 0, 'stranger', true, '无名氏', 'G' || {numbered(f"'{NOWHERE}' || student_id[8:18]")}, null
          from named where damage = 'with_stranger' and student_id like 'G%')
        select row_number() over (order by number, student_id) as row, student_id, damage, id, paper, name
        from (from listed union all from unknown)
    """
    connection = duckdb.connect()
    connection.execute(f"create temp table list as {query}")
    as_contract = """select id as 全国学籍号, paper as 证件号码, name as 姓名, '语文' as 科目, date '2026-06-13' as 考试日期, '首考' as 考次,
        '合格' as 结果 from list order by row"""
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP}"
    connection.execute(f"copy ({as_contract}) to '{chosen.out / f'{LIST}.parquet'}' ({options})")
    connection.execute(f"copy (select row, student_id, damage from list order by row) to '{chosen.truth}' ({options})")


if __name__ == "__main__":
    main()
