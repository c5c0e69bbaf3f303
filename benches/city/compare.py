"""Do a peer and xueji say the same? Row for row, with the students left out whose rows were damaged on purpose.

    compare.py outcomes --decisions decisions.parquet --peer promotion.parquet --truth truth.parquet
    compare.py watch --decisions decisions.parquet --peer watch_by_date.parquet
    compare.py findings --findings findings.parquet --peer audit.parquet
    compare.py matches --run DIR --peer match.parquet --truth truth.parquet
    compare.py tables --peer A --other B --names roster,course_results --prefix workbooks

Runs in the environment of the peers. The first form compares a peer's outcomes with a run's; the second what two peers read from the
same files. Prints one JSON object; ids are masked in it, for it is kept and shown.
"""

import argparse
import json
from pathlib import Path

import duckdb

SHOWN = 10


def masked(identity: str) -> str:
    """An id of which only the first six and the last two characters of the number are shown."""
    prefix, number = (identity[0], identity[1:]) if identity[:1].isalpha() else ("", identity)
    return prefix + number[:6] + "*" * max(len(number) - 8, 0) + number[-2:]


def compare_outcomes(decisions: Path, peer: Path, truth: Path) -> dict:
    """Joins both on the student's id. Who has no id, is named in the truth or gets no answer from the peer is counted and left out."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create temp table planted as select distinct student_id from '{truth}' where student_id is not null;
        create temp table both_say as
        select student_id, peer.outcome as peer, decided.outcome as xueji, peer.has_row and peer.outcome is null as is_silent,
          student_id in (select student_id from planted) as is_planted
        from (select student_id, outcome, true as has_row from '{peer}') as peer
          full outer join (select student_id, outcome from '{decisions}' where student_id is not null) as decided using (student_id);
        """
    )
    counted = connection.execute(
        """
        select count(distinct student_id) filter (is_planted), count(*) filter (not is_planted and is_silent),
          count(*) filter (not is_planted and is_silent is distinct from true),
          count(*) filter (not is_planted and is_silent is distinct from true and peer = xueji),
          count(*) filter (not is_planted and is_silent is distinct from true and peer is distinct from xueji),
          count(*) - count(distinct student_id) from both_say
        """
    ).fetchone()
    names = ("left_out_planted", "left_out_peer_silent", "compared", "equal", "different", "repeated_ids")
    rows = connection.execute(
        f"""select student_id, peer, xueji from both_say
            where not is_planted and is_silent is distinct from true and peer is distinct from xueji order by student_id limit {SHOWN}"""
    ).fetchall()
    without_id = connection.execute(f"select count(*) from '{decisions}' where student_id is null").fetchone()[0]
    examples = [{"student": masked(student), "peer": peer, "xueji": xueji} for student, peer, xueji in rows]
    outcomes = dict(connection.execute("select xueji, count(*) from both_say where not is_planted group by 1 order by 2 desc").fetchall())
    return {**dict(zip(names, counted)), "left_out_without_id": without_id, "examples": examples, "outcomes": outcomes}


def compare_watch(decisions: Path, peer: Path) -> dict:
    """Who has reached the threshold of truancy, and what follows from that clause alone."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create temp table both_say as
        select student_id, peer.outcome as peer, decided.outcome as xueji from '{peer}' as peer
          full outer join (
            select student_id, if(list_has_any(clauses, ['A34.3', 'A37.3']), outcome, 'back') as outcome from '{decisions}'
            where procedure = 'status' and outcome <> 'hold' and len(list_filter(reasons, lambda step:
              step.holds and step.clause in ('A34.3', 'A37.3') and step.code in ('A34.3.running', 'A34.3.total'))) > 0
          ) as decided using (student_id)
        """
    )
    counts = "count(*), count(*) filter (peer = xueji), count(*) filter (peer is distinct from xueji)"
    counted = connection.execute(f"select {counts} from both_say").fetchone()
    rows = connection.execute(f"from both_say where peer is distinct from xueji order by student_id limit {SHOWN}").fetchall()
    examples = [{"student": masked(student), "peer": peer, "xueji": xueji} for student, peer, xueji in rows]
    left_out = {"left_out_planted": 0, "left_out_peer_silent": 0, "left_out_without_id": 0}
    return {**dict(zip(("compared", "equal", "different"), counted)), **left_out, "examples": examples}


def compare_findings(findings: Path, peer: Path) -> dict:
    """The findings of the clauses that the peer does, student by student."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create temp table both_say as
        select coalesce(peer.code, found.code) as code, coalesce(peer.student_id, found.student_id) as student_id,
          peer.code is not null as peer, found.code is not null as xueji
        from '{peer}' as peer full outer join (
          select distinct code, student_id from '{findings}' where code in ('F0401', 'F0501', 'F0902', 'F1001', 'F4301')
        ) as found on peer.code = found.code and peer.student_id = found.student_id
        """
    )
    counted = connection.execute("select count(*), count(*) filter (peer and xueji), count(*) filter (peer <> xueji) from both_say").fetchone()
    rows = connection.execute(f"select * from both_say where peer <> xueji order by code, student_id limit {SHOWN}").fetchall()
    examples = [{"student": masked(student), "peer": code if one else "", "xueji": code if other else ""} for code, student, one, other in rows]
    left_out = {"left_out_planted": 0, "left_out_peer_silent": 0, "left_out_without_id": 0}
    return {**dict(zip(("compared", "equal", "different"), counted)), **left_out, "examples": examples}


LIST = "学业水平考试"


def xueji_matches(connection: duckdb.DuckDBPyConnection, run: Path) -> None:
    """What a run says of the list, as table `xueji`: of each row that is anything but somebody's by the national id and the same name, the
    row, whose it is and the class. The last is the peers' word; SCORE is what no peer does."""
    of_list = f"regexp_extract(file, '[^/]*$') = '{LIST}.parquet'"
    connection.execute(
        f"""
        create temp table xueji as
        with renamed as (select distinct "row" from '{run}/findings.parquet' where code = 'R0302' and "column" = '姓名' and {of_list}),
        matched as (select "row", student_key, "by" from '{run}/matches.parquet' where {of_list} and decision = 'sure'),
        found as (
          select "row", student_key as student_id,
            case "by" when 'document' then 'DOCUMENT' when 'national_id' then 'MATCH' else 'SCORE' end as class from matched
          union all
          select "row", any_value(student_id), 'MATCH' from '{run}/findings.parquet'
          where code = 'R0302' and "column" = '姓名' and {of_list} and "row" not in (select "row" from matched) group by "row"
          union all
          -- A row whose id can't be read and that has no other key was set aside with I0205 alone.
          select distinct "row", null, 'LIST_ONLY' from '{run}/findings.parquet'
          where code in ('R0301', 'R0303', 'I0205') and {of_list} and "row" not in (select "row" from matched))
        select "row", student_id, case when "row" not in (from renamed) then class when class = 'MATCH' then 'NAME_DIFF'
          when class = 'DOCUMENT' then 'DOCUMENT_NAME_DIFF' else class end as class
        from found
        """
    )


def compare_matches(run: Path, peer: Path, truth: Path) -> dict:
    """The rows of the list that are not simply somebody's. What xueji finds by score is nobody's to the peers and counts as equal; rows of
    students whose records were damaged on purpose are left out."""
    connection = duckdb.connect()
    xueji_matches(connection, run)
    connection.execute(
        f"""
        create temp table planted as select distinct student_id from '{truth}' where student_id is not null;
        create temp table both_say as
        select "row", coalesce(peer.student_id, xueji.student_id) as student_id, peer.class as peer, xueji.class as xueji,
          if(peer.class = 'LIST_ONLY', xueji.class in ('LIST_ONLY', 'SCORE'),
            peer.class = xueji.class and peer.student_id = xueji.student_id) as agree,
          peer.student_id in (from planted) or xueji.student_id in (from planted) as is_planted
        from (from '{peer}' where "row" is not null and class <> 'MATCH') as peer full outer join xueji using ("row")
        """
    )
    counted = connection.execute(
        """
        select count(*) filter (is_planted), count(*) filter (is_planted is distinct from true),
          count(*) filter (is_planted is distinct from true and agree),
          count(*) filter (is_planted is distinct from true and agree is distinct from true) from both_say
        """
    ).fetchone()
    rows = connection.execute(
        f"""select coalesce(student_id, ''), peer, xueji from both_say
            where is_planted is distinct from true and agree is distinct from true order by "row" limit {SHOWN}"""
    ).fetchall()
    examples = [{"student": masked(student), "peer": one, "xueji": other} for student, one, other in rows]
    left_out = {"left_out_peer_silent": 0, "left_out_without_id": 0}
    return {**dict(zip(("left_out_planted", "compared", "equal", "different"), counted)), **left_out, "examples": examples}


def compare_tables(peer: Path, other: Path, prefix: str, names: list[str]) -> dict:
    """The rows that only one of two peers has, over all tables, whatever types they gave their columns."""
    rows, different, bad_ids = 0, 0, 0
    for name in names:
        one, another = (folder / f"{prefix}_{name}.parquet" for folder in (peer, other))
        columns = [column for column, *_ in duckdb.execute(f"describe select * from '{one}'").fetchall()]
        texts = ", ".join(f'"{column}"::varchar' for column in columns)
        # The sum of the rows' hashes is the same in any order. Only where it is not are rows set against rows, which takes long.
        summed = f"select count(*), sum(hash({texts})::hugeint), count(*) filter (not id_ok) from"
        found, expected = (duckdb.execute(f"{summed} '{file}'").fetchone() for file in (one, another))
        rows, bad_ids = rows + found[0], bad_ids + found[2]
        if found[:2] != expected[:2]:
            for first, second in ((one, another), (another, one)):
                query = f"select count(*) from (select {texts} from '{first}' except all select {texts} from '{second}')"
                different += duckdb.execute(query).fetchone()[0]
    return {"compared": rows, "different": different, "ids_that_do_not_hold": bad_ids}


def main() -> None:
    """Compares what it is told to."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = arguments.add_subparsers(dest="kind", required=True)
    outcomes = kinds.add_parser("outcomes")
    for name in ("--decisions", "--peer", "--truth"):
        outcomes.add_argument(name, type=Path, required=True)
    watch = kinds.add_parser("watch")
    for name in ("--decisions", "--peer"):
        watch.add_argument(name, type=Path, required=True)
    findings = kinds.add_parser("findings")
    for name in ("--findings", "--peer"):
        findings.add_argument(name, type=Path, required=True)
    matches = kinds.add_parser("matches")
    for name in ("--run", "--peer", "--truth"):
        matches.add_argument(name, type=Path, required=True)
    tables = kinds.add_parser("tables")
    for name in ("--peer", "--other"):
        tables.add_argument(name, type=Path, required=True)
    tables.add_argument("--prefix", required=True)
    tables.add_argument("--names", required=True)
    chosen = arguments.parse_args()
    if chosen.kind == "outcomes":
        result = compare_outcomes(chosen.decisions, chosen.peer, chosen.truth)
    elif chosen.kind == "watch":
        result = compare_watch(chosen.decisions, chosen.peer)
    elif chosen.kind == "matches":
        result = compare_matches(chosen.run, chosen.peer, chosen.truth)
    elif chosen.kind == "findings":
        result = compare_findings(chosen.findings, chosen.peer)
    else:
        result = compare_tables(chosen.peer, chosen.other, chosen.prefix, chosen.names.split(","))
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
