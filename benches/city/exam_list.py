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
# Of ten thousand rows: not on the list, a name with spaces, another character of the same sound, another character, an id with a wrong
# digit beside a document or alone, a document without an id (as it is, or with a small x), and beside the row one of somebody unknown.
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
SOUND = (
    "安斌滨炳秉博渤辰晨宸诚城程崇翀纯聪道迪笛頔东栋冬凡帆飞峰锋福刚钢耕功国海翰瀚昊灏鸿宏华桓吉骥继佳嘉建健江杰锦晋京久钧军凯"
    "恺科珂坤堃朗磊雷励亮霖林琳凌龙隆伦茂淼民旻铭鸣茗默牧沐楠诺沛鹏启琦祺谦庆卿秋群全泉仁荣儒瑞睿锐润山绍升昇世时书舜顺松腾天"
    "添庭彤旺伟玮维文武曦希贤祥翔晓新欣星雄修旭轩烜学勋亚岩阳扬尧耀烨毅逸翊寅勇永友佑宇煜昱远渊岳悦云泽昭哲喆正志智忠卓子梓宗"
    "蓓贝碧采彩婵澄楚初慈翠黛娥菲霏芬凤芙涵荷禾慧惠霁简娇婕㛃瑾静婧菊君兰岚蕾丽俐莲灵玲璐曼梅美梦蜜妙敏茉妮佩品琪绮芊巧琴清晴"
    "琼蓉茹珊姗诗素甜婷婉薇雯霞娴馨杏秀萱雪雅妍䶮瑶晔怡依祎茵颖莹咏优雨钰玉媛芸珍芷竹紫"
)
SAME_SOUND = (
    "桉滨斌秉炳渤博晨辰辰成成成翀崇醇丛到笛迪迪栋东东翻翻非烽烽符岗岗更工过孩瀚翰灏昊宏鸿画环即即即加加健建奖节金金经九军钧恺"
    "凯克克堃坤浪类类力良临临临灵隆龙论贸苗旻民名名名茉木木难挪陪朋琦启启签轻轻求裙拳拳人蓉如睿瑞瑞闰珊少生生师师叔顺舜送藤田"
    "田停同望为为为问五西西现想想小心心性熊秀徐选选雪训牙颜杨杨要要业一一一因用用油油鱼鱼鱼原原悦岳韵则照喆哲郑只只中桌自自总"
    "背背必彩采缠成出出词脆代额非非分烽符翰何何惠慧即建教节节金经经局钧岚兰类力力连凌凌卢慢美梅猛密苗民默你陪频启启签桥秦轻轻"
    "穷荣如山山师苏田停晚为问下现心性修选学牙颜颜要业一一一因影影用油鱼鱼鱼原韵真只主自"
)
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
