"""The results as one table: medians with their range, xueji against the best peer and against the machine's floor.

The ratio to the best peer takes xueji's whole process against the peer's work alone, without its interpreter's start and its imports:
the stricter of the two for xueji. No peer does the whole of term end; beside it stands the sum of what the best peers take for promotion
and for graduation.
"""

from statistics import median

ITEM_TITLES = {
    "promotion": "promotion (grades that are not final)",
    "graduation": "graduation (grades 5, 9, 12)",
    "term_end": "term end (all grades)",
    "workbooks": "school workbooks read and checked",
    "csv": "text files read and checked (GB18030 and UTF-8)",
    "watch_exceptions": "the watch, exceptions (xueji's work: its attendance alone; the peers': the truancy rule)",
    "watch_by_student": "the watch, a row a student and day, by student",
    "watch_by_date": "the watch, a row a student and day, by date",
    "watch_next_day": "the watch, a file a day, all but the last known from the night before",
    "match": "registry against the exam authority's list (xueji's work: reading and keys; its wall time: scores too; the peers': exact keys alone)",
    "report": "all pages and workbooks of the published term end",
    "first_run": "a run over the school workbooks, which keeps what it reads (work: reading)",
    "second_run": "the next run over the same workbooks, which knows them (work: reading)",
    "audit": "the audit of every table (the peers: five clauses of it)",
}
FLOOR_TITLES = {
    "arrow": "decode the columns, Arrow",
    "duckdb": "decode the columns, DuckDB",
    "unzip": "inflate the workbooks",
    "lines": "count the lines",
    "decode": "count the lines, decode the text",
}
# Counting lines says how fast bytes come; the floor of text files includes turning them into text.
NO_FLOOR = ("lines",)
SUM_OF_PEERS = "best peers, promotion + graduation"


def span(values: list[float], digits: int = 2) -> str:
    """A median with its range."""
    middle = f"{median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def work_of(run: dict) -> float:
    """A run's time without imports where the program tells it, else the whole."""
    return run["report"].get("work_seconds", run["wall_seconds"])


def summarise_program(runs: list[dict]) -> dict:
    """One row of the table; of failed runs only their number."""
    good = [run for run in runs if run["exit_code"] == 0]
    row = {"runs": len(runs), "failed": len(runs) - len(good)}
    if good:
        row |= {key: [run[key] for run in good] for key in ("wall_seconds", "cpu_seconds", "peak_mebibytes", "load_before")}
        row["work_seconds"] = [work_of(run) for run in good]
        others = [run["others_cpu_seconds"] / run["wall_seconds"] for run in good if run["others_cpu_seconds"] is not None]
        row["others_share"] = median(others) if others else None
    return row


def best(rows: list[dict], kind: str) -> dict | None:
    """The fastest of some programs by their work alone."""
    able = [row for row in rows if row["program"].startswith(kind) and "work_seconds" in row]
    able = [row for row in able if row["program"].removeprefix("floor ") not in NO_FLOOR]
    return min(able, key=lambda row: median(row["work_seconds"]), default=None)


def summarise(results: dict) -> list[dict]:
    """The rows of the table: item by item, sizes apart, ratios filled in where xueji has something to be compared with."""
    grouped: dict[tuple, list[dict]] = {}
    for run in results["runs"]:
        grouped.setdefault((run["item"], run["size"], run["program"]), []).append(run)
    rows = [{"item": item, "size": size, "program": program, **summarise_program(runs)} for (item, size, program), runs in grouped.items()]
    fastest = {}
    for item, size in dict.fromkeys((row["item"], row["size"]) for row in rows):
        own = [row for row in rows if (row["item"], row["size"]) == (item, size)]
        fastest[item, size] = best(own, "peer ")
        floor = best(own, "floor ")
        xueji = next((row for row in own if row["program"] == "xueji" and "wall_seconds" in row), None)
        if xueji:
            # The watch tells what its attendance took and a run what its matching did; of everything else the whole process counts.
            whole = median(xueji["work_seconds"])
            if peer := fastest[item, size]:
                xueji["best_peer"], xueji["ratio_to_best_peer"] = (
                    peer["program"].removeprefix("peer "),
                    whole / median(peer["work_seconds"]),
                )
            if floor:
                xueji["floor"], xueji["ratio_to_floor"] = floor["program"].removeprefix("floor "), whole / median(floor["work_seconds"])
    parts = [fastest.get((item, "full")) for item in ("promotion", "graduation")]
    term_end = next((row for row in rows if row["item"] == "term_end" and row["program"] == "xueji" and "wall_seconds" in row), None)
    if term_end and all(parts):
        total = {key: [sum(median(part[key]) for part in parts)] for key in ("wall_seconds", "work_seconds", "cpu_seconds")}
        peak = [max(median(part["peak_mebibytes"]) for part in parts)]
        term_end["best_peer"], term_end["ratio_to_best_peer"] = SUM_OF_PEERS, median(term_end["wall_seconds"]) / total["work_seconds"][0]
        place = rows.index(term_end) + 1
        about = {"item": "term_end", "size": "full", "program": SUM_OF_PEERS, "runs": 0, "failed": 0, "others_share": None}
        rows.insert(place, {**about, "peak_mebibytes": peak, **total})
    return rows


def title(row: dict) -> str:
    """A program's name in the table."""
    kind, _, name = row["program"].partition(" ")
    return f"*floor: {FLOOR_TITLES[name]}*" if kind == "floor" else name if kind == "peer" else row["program"]


def line(row: dict) -> str:
    """One line of the table."""
    if "wall_seconds" not in row:
        return f"| {title(row)} | all {row['failed']} runs failed |  |  |  |  |  |  |"
    ratios = [
        f"{row[key]:.2f} ({row[name]})" if key in row else ""
        for key, name in (("ratio_to_best_peer", "best_peer"), ("ratio_to_floor", "floor"))
    ]
    work = span(row["work_seconds"]) if row["work_seconds"] != row["wall_seconds"] else ""
    others = "" if row["others_share"] is None else f"{row['others_share']:.2f}"
    failed = f", {row['failed']} failed" if row["failed"] else ""
    cells = [
        title(row) + failed,
        span(row["wall_seconds"]),
        work,
        span(row["cpu_seconds"]),
        span(row["peak_mebibytes"], 0),
        *ratios,
        others,
    ]
    return f"| {' | '.join(cells)} |"


def comparison_line(comparison: dict) -> str:
    """What a comparison found."""
    about = f"{comparison['item']}, {comparison['size']}: {comparison['peer']} and {comparison['against']}"
    if failure := comparison.get("failure"):
        return f"- {about}: could not be compared\n\n```\n{failure}\n```"
    if "equal" not in comparison:
        between = "" if comparison["against"] == "xueji" else f", {comparison['different']:,} that are not in both"
        another = ", which is another number" if comparison["rows_differ"] else ""
        return f"- {about}: {comparison['compared']:,} rows{between}; xueji read {comparison['rows_xueji_read']:,}{another}"
    left_out = ", ".join(
        f"{comparison[key]:,} {what}"
        for key, what in (
            ("left_out_planted", "damaged on purpose"),
            ("left_out_peer_silent", "on whom the peer is silent"),
            ("left_out_without_id", "without an id"),
        )
    )
    counts = f"{comparison['compared']:,} students compared, {comparison['equal']:,} equal, {comparison['different']:,} different"
    text = f"- {about}: {counts} (left out: {left_out})"
    shown = [f"    - {example['student']}: peer {example['peer']}, xueji {example['xueji']}" for example in comparison["examples"]]
    return "\n".join([text, *shown])


def markdown(results: dict) -> str:
    """Everything as Markdown."""
    rows = results["table"]
    machine = results["machine"]
    lines = [
        f"# {results['version']}: {results['students']:,} students, seed {results['seed']}",
        "",
        f"{results['threads']} threads, {machine.get('processor', 'unknown processor')}, {machine.get('memory_gibibytes', '?')} GiB; "
        f"medians (least–most) of {results['times']} runs in turn, files in the page cache. *Work* leaves out a peer's start and imports; "
        "the ratios are xueji's whole time over the peer's or the floor's work alone. *Others* is the CPU that everybody else used, "
        "in cores. The peers give outcomes or typed rows; xueji's run also says why, with evidence, findings and a workbook, and its "
        "check finds what is wrong, cell by cell.",
    ]
    copies = [run["report"]["bytes_per_second"] for run in results["runs"] if run["program"] == "floor copy" and run["exit_code"] == 0]
    for item, size in dict.fromkeys((row["item"], row["size"]) for row in rows if row["item"] != "memory"):
        size_of_input = results["input_bytes"][f"{item} {size}"]
        copied = f"; copying as many bytes in memory takes {size_of_input / median(copies) * 1000:.1f} ms" if copies else ""
        lines += [
            "",
            f"## {ITEM_TITLES[item]}{', a tenth of the city' if size == 'tenth' else ''}",
            "",
            f"{size_of_input / 1e6:,.1f} MB of files{copied}.",
            "",
            "| program | wall, s | work, s | CPU, s | peak, MiB | to the best peer | to the floor | others |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(line(row) for row in rows if (row["item"], row["size"]) == (item, size)),
        ]
    if copies:
        lines += ["", f"Memory is copied at {median(copies) / 1e9:.1f} GB/s."]
    lines += ["", "## Do they say the same?", "", *(comparison_line(comparison) for comparison in results["comparisons"])]
    failures = [run for run in results["runs"] if run["exit_code"] != 0]
    for run in failures:
        lines += ["", f"Failed with {run['exit_code']}: {run['item']}, {run['size']}, {run['program']}", "", f"```\n{run['failure']}\n```"]
    return "\n".join(lines) + "\n"
