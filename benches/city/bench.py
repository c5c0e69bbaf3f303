#!/usr/bin/env python3
"""The city benchmark: xueji beside what else could do its work, on one invented city.

    python3 benches/city/bench.py                                  everything, 1.6 million students
    python3 benches/city/bench.py --students 20000 --times 1       a quick look
    python3 benches/city/bench.py --scale 160000,1600000,16000000  how term end grows

Builds the program, makes the peers' environment and the city, runs every program in a process of its own with the repetitions outermost,
compares the results row for row and prints one table. It ends with 1 where a result differs or a run failed.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

# Measuring leaves nothing behind in the sources.
sys.dont_write_bytecode = True

import prepare
import scale
import table
from measure import Run, measure
from prepare import HERE, PIPELINE, Workshop, common, say

ITEMS = ("promotion", "graduation", "term_end", "workbooks", "csv", *prepare.WATCH_ITEMS, "audit", "match", "report", "first_run", "second_run")
PEERS = ("duckdb", "polars", "pandas")
# pandas holds whole tables in memory on one thread: it is measured at a tenth of the size, with xueji beside it.
PEERS_AT_A_TENTH = ("pandas",)
FLOORS = {
    "promotion": ("arrow", "duckdb"),
    "graduation": ("arrow", "duckdb"),
    "term_end": ("arrow", "duckdb"),
    "workbooks": ("unzip",),
    "csv": ("lines", "decode"),
    "watch_exceptions": ("arrow", "duckdb"),
    "watch_by_student": ("arrow", "duckdb"),
    "watch_by_date": ("arrow", "duckdb"),
    "watch_next_day": (),
    "audit": ("arrow", "duckdb"),
    "match": ("arrow", "duckdb"),
    "report": (),
    "first_run": (),
    "second_run": (),
}
# Items that a peer does not do.
WITHOUT_PEERS = {"term_end": PEERS, "watch_next_day": PEERS, "report": PEERS, "first_run": PEERS, "second_run": PEERS} | {item: PEERS_AT_A_TENTH for item in (*common.WATCH_ITEMS, "audit", "match")}
# What a run tells of its work where a peer does only a part: the stages of reading and matching, or the attendance. The rest of a run, the
# judging and the results, stands in the wall time.
STAGES_OF_WORK = {"match": ("reading", "keys"), "first_run": ("reading",), "second_run": ("reading",)} | {item: ("attendance",) for item in prepare.WATCH_ITEMS}
OUTCOME_ITEMS = ("promotion", "graduation")
READ_TABLES = {"workbooks": ("roster", "course_results"), "csv": ("roster", "exams", "course_results")}
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Work:
    """An item at a size, with the programs that do it."""

    item: str
    size: str
    students: int
    data: Path
    programs: tuple[str, ...]

    @property
    def name(self) -> str:
        """A name for folders."""
        return f"{self.item}-{self.size}"


def plan(workshop: Workshop, students: int, items: list[str], peers: list[str]) -> list[Work]:
    """What is to be measured, with its data made."""
    works = []
    for item in items:
        known = [peer for peer in peers if peer not in WITHOUT_PEERS.get(item, ())]
        full = [f"peer {peer}" for peer in known if peer not in PEERS_AT_A_TENTH]
        floors = [f"floor {floor}" for floor in FLOORS[item]]
        works.append(Work(item, "full", students, prepare.make_data(workshop, students, item), ("xueji", *full, *floors)))
        if tenth := [f"peer {peer}" for peer in known if peer in PEERS_AT_A_TENTH]:
            few = students // 10
            works.append(Work(item, "tenth", few, prepare.make_data(workshop, few, item), ("xueji", *tenth)))
    return works


def run_of(workshop: Workshop, pipeline: Path, data: Path, out: Path, *, may_know: bool = False) -> list[str]:
    """A run whose tables alone are published, as the peers' are; what people read is an item of its own. It reads every file, unless it may know some."""
    cache = [] if may_know else ["--no-cache"]
    return [str(workshop.binary), "run", str(pipeline), "--input", str(data), "--out", str(out), "--json", "--tables-only", *cache]


def command_of(workshop: Workshop, python: Path, work: Work, program: str) -> list[str]:
    """How a program is started, with a new folder for what it writes."""
    kind, _, name = program.partition(" ")
    if kind == "xueji":
        if work.item in READ_TABLES:
            return [str(workshop.binary), "check", str(work.data), "--json"]
        out = workshop.scratch(f"xueji-{work.name}")
        if work.item in prepare.WATCH_ITEMS:
            if work.item == "watch_next_day":
                prepare.go_on_from(workshop, work.data, out)
            options = prepare.watch_options(work.item)
            return [*run_of(workshop, prepare.WATCH_PIPELINE, work.data, out), *options]
        if work.item == "audit":
            options = ["--as-of", common.AUDIT_DAY, "--attendance", "exceptions"]
            return [*run_of(workshop, prepare.AUDIT_PIPELINE, work.data, out), *options]
        if work.item == "report":
            published = prepare.published(workshop, work.data)
            return [str(workshop.binary), "report", str(published), "--out", str(out), "--json"]
        if work.item in ("first_run", "second_run"):
            if work.item == "second_run":
                prepare.know(workshop, work.data, out)
            return run_of(workshop, PIPELINE, work.data, out, may_know=True)
        if work.item == "match":
            return [str(workshop.binary), "match", str(PIPELINE), "--input", str(work.data), "--out", str(out), "--json"]
        return run_of(workshop, PIPELINE, work.data, out)
    if kind == "floor":
        return [str(python), "-B", str(HERE / "floors.py"), name, "--item", work.item, "--data", str(work.data), "--threads", str(THREADS)]
    out = workshop.scratch(f"{name}-{work.name}")
    peer = HERE / "peers" / f"{name}_peer.py"
    return [str(python), "-B", str(peer), work.item, "--data", str(work.data), "--out", str(out), "--threads", str(THREADS)]


def measure_all(workshop: Workshop, python: Path, works: list[Work], times: int) -> list[dict]:
    """Every program in turn, repetitions outermost, so that a slow hour of the machine falls on all of them."""
    runs = []
    for repetition in range(times):
        for work in works:
            inputs = prepare.input_files(work.data)
            for program in work.programs:
                listing = program == "xueji" and work.item in READ_TABLES
                run = measure(command_of(workshop, python, work, program), inputs, keep_output=not listing)
                stages, seconds = STAGES_OF_WORK.get(work.item, ()), run.report.get("seconds", {})
                if program == "xueji" and stages and all(stage in seconds for stage in stages):
                    run.report["work_seconds"] = sum(seconds[stage] for stage in stages)
                runs.append({"item": work.item, "size": work.size, "program": program, "repetition": repetition, **asdict(run)})
                tell(f"{repetition + 1}/{times} {work.name} {program}", run)
        # Once a repetition, for no item in particular.
        copying = [str(python), "-B", str(HERE / "floors.py"), "copy", "--item", "promotion", "--data", ".", "--threads", str(THREADS)]
        run = measure(copying, [])
        runs.append({"item": "memory", "size": "full", "program": "floor copy", "repetition": repetition, **asdict(run)})
        tell(f"{repetition + 1}/{times} memory", run)
    return runs


def tell(what: str, run: Run) -> None:
    """Says how a run went."""
    work = f", {run.report['work_seconds']:.2f} s of work" if "work_seconds" in run.report else ""
    others = "" if run.others_cpu_seconds is None else f", others {run.others_cpu_seconds:.1f} s"
    ending = "" if run.succeeded else f"  FAILED with {run.exit_code}\n{run.failure}"
    say(f"{what}: {run.wall_seconds:.2f} s{work}, CPU {run.cpu_seconds:.2f} s, {run.peak_mebibytes:.0f} MiB{others}{ending}")


def compare(python: Path, arguments: list[str]) -> dict:
    """Has two results compared in the peers' environment."""
    done = subprocess.run([python, "-B", HERE / "compare.py", *arguments], capture_output=True, text=True)
    if done.returncode:
        return {"failure": done.stderr[-1000:]}
    return json.loads(done.stdout)


def rows_checked(workshop: Workshop, work: Work) -> dict[str, int]:
    """How many rows of each table `xueji check` read. Not timed."""
    told = subprocess.run([workshop.binary, "check", work.data, "--json"], capture_output=True, text=True, check=True)
    counts: dict[str, int] = {}
    for file in json.loads(told.stdout)["files"]:
        for sheet in file["sheets"]:
            counts[sheet["table"]] = counts.get(sheet["table"], 0) + sheet["rows"]
    return counts


def compare_all(workshop: Workshop, python: Path, works: list[Work]) -> list[dict]:
    """The last run of every peer against xueji, student by student; what was only read against the other peers, row for row."""
    found = []
    for work in works:
        peers = [program.removeprefix("peer ") for program in work.programs if program.startswith("peer ")]
        scratch = {peer: workshop.folder / "scratch" / f"{peer}-{work.name}" for peer in peers}
        for peer in peers:
            about = {"item": work.item, "size": work.size, "peer": peer}
            if work.item in prepare.WATCH_ITEMS:
                out = workshop.folder / "scratch" / f"xueji-{work.name}" / "status-watch"
                newest = out / (out / "latest").read_text("utf-8").strip() if (out / "latest").exists() else out
                options = ["--decisions", str(newest / "decisions.parquet"), "--peer", str(scratch[peer] / f"{work.item}.parquet")]
                found.append({**about, "against": "xueji", **compare(python, ["watch", *options])})
                continue
            if work.item == "audit":
                out = workshop.folder / "scratch" / f"xueji-{work.name}" / "district-audit"
                newest = out / (out / "latest").read_text("utf-8").strip() if (out / "latest").exists() else out
                options = ["--findings", str(newest / "findings.parquet"), "--peer", str(scratch[peer] / "audit.parquet")]
                found.append({**about, "against": "xueji", **compare(python, ["findings", *options])})
                continue
            if work.item == "match":
                newest = workshop.folder / "scratch" / f"xueji-{work.name}"
                files = {"--run": newest, "--peer": scratch[peer] / "match.parquet", "--truth": work.data / "truth.parquet"}
                found.append(
                    {**about, "against": "xueji", **compare(python, ["matches", *(str(word) for pair in files.items() for word in pair)])}
                )
                continue
            if work.item in OUTCOME_ITEMS:
                out = workshop.folder / "scratch" / f"xueji-{work.name}" / "term-end"
                newest = out / (out / "latest").read_text("utf-8").strip() if (out / "latest").exists() else out
                files = {
                    "--decisions": newest / "decisions.parquet",
                    "--peer": scratch[peer] / f"{work.item}.parquet",
                    "--truth": work.data / "truth.parquet",
                }
                found.append(
                    {**about, "against": "xueji", **compare(python, ["outcomes", *(str(word) for pair in files.items() for word in pair)])}
                )
                continue
            names = READ_TABLES[work.item]
            read = rows_checked(workshop, work)
            # The first peer's rows are counted against xueji's, the others' compared with the first one's, cell by cell.
            other = peers[0]
            options = ["--peer", str(scratch[peer]), "--other", str(scratch[other]), "--prefix", work.item, "--names", ",".join(names)]
            result = compare(python, ["tables", *options])
            rows = sum(read.get(name, 0) for name in names)
            found.append(
                {
                    **about,
                    "against": other if other != peer else "xueji",
                    **result,
                    "rows_xueji_read": rows,
                    "rows_differ": result.get("compared") != rows,
                }
            )
    return found


def differs(comparison: dict) -> bool:
    """Whether a comparison did not come out equal. One that compared nothing has shown nothing."""
    return bool(not comparison.get("compared") or comparison.get("different") or comparison.get("rows_differ"))


def arguments_of(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--students", type=int, default=1_600_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--times", type=int, default=3, help="how often each program is run")
    arguments.add_argument("--items", default=",".join(ITEMS))
    arguments.add_argument("--peers", default=",".join(PEERS))
    arguments.add_argument("--folder", type=Path, help="where data and results go; below cargo's target directory without it")
    arguments.add_argument("--binary", type=Path, help="a release binary to measure; built without it")
    arguments.add_argument("--scale", help="sizes at which term end is run, instead of the items")
    arguments.add_argument("--plot", type=Path, help="where the picture of --scale goes")
    chosen = arguments.parse_args(words)
    chosen.items, chosen.peers = chosen.items.split(","), [peer for peer in chosen.peers.split(",") if peer]
    if unknown := [name for name in chosen.items if name not in ITEMS] + [name for name in chosen.peers if name not in PEERS]:
        arguments.error(f"unknown: {', '.join(unknown)}")
    return chosen


def main() -> int:
    """Measures, compares, prints and saves."""
    chosen = arguments_of()
    folder = (chosen.folder or prepare.target_folder() / "city-bench").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    binary = chosen.binary.resolve() if chosen.binary else prepare.built_binary()
    workshop = Workshop(folder, binary, prepare.version_of(binary), chosen.seed)
    python = prepare.environment(folder)
    if chosen.scale:
        sizes = [int(size) for size in chosen.scale.split(",")]
        return scale.run(workshop, python, sizes, chosen.times, chosen.plot or folder / "scale.svg")

    works = plan(workshop, chosen.students, chosen.items, chosen.peers)
    runs = measure_all(workshop, python, works, chosen.times)
    comparisons = compare_all(workshop, python, works)
    sizes = {f"{work.item} {work.size}": sum(file.stat().st_size for file in prepare.input_files(work.data)) for work in works}
    results = {
        "students": chosen.students,
        "seed": chosen.seed,
        "times": chosen.times,
        "threads": THREADS,
        "version": workshop.version,
        "machine": prepare.machine(),
        "input_bytes": sizes,
        "runs": runs,
        "comparisons": comparisons,
    }
    results["table"] = table.summarise(results)
    (folder / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    text = table.markdown(results)
    (folder / "results.md").write_text(text, "utf-8")
    print(text)
    failed = [run for run in runs if run["exit_code"] != 0]
    return 1 if failed or any(differs(comparison) for comparison in comparisons) else 0


if __name__ == "__main__":
    sys.exit(main())
