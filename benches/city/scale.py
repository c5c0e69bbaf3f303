"""How term end grows with the city: time and memory from a district to a province, and the nation on paper.

Run by `bench.py --scale`. By itself, in the peers' environment, it draws the picture of a measurement:

    scale.py scale.json scale.svg
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

import prepare
from measure import measure
from prepare import PIPELINE, Workshop, say

NATION = 190_000_000
# From here on one run is enough: it takes longer than the machine's moods.
ONCE_FROM_STUDENTS = 10_000_000


def measure_size(workshop: Workshop, students: int, times: int) -> dict:
    """Term end of a city of a size."""
    data = prepare.make_data(workshop, students, "term_end")
    files = prepare.input_files(data)
    runs = []
    for repetition in range(1 if students >= ONCE_FROM_STUDENTS else times):
        out = workshop.scratch("xueji-scale")
        run = measure([str(workshop.binary), "run", str(PIPELINE), "--input", str(data), "--out", str(out), "--json", "--tables-only", "--no-cache"], files)
        runs.append(asdict(run))
        cost = f"{run.wall_seconds:.1f} s, CPU {run.cpu_seconds:.1f} s, {run.peak_mebibytes:.0f} MiB"
        say(f"{students:,} students, run {repetition + 1}: {cost} {run.failure}")
    found = {"students": students, "input_bytes": sum(file.stat().st_size for file in files), "runs": runs}
    good = [run for run in runs if run["exit_code"] == 0]
    if good:
        found |= {key: median(run[key] for run in good) for key in ("wall_seconds", "cpu_seconds", "peak_mebibytes")}
        found["judged"] = good[-1]["report"].get("students")
    return found


def nation(size: dict) -> dict:
    """The country's students as so many times the largest city that was measured, one after the other on this machine."""
    times = NATION / size["students"]
    return {
        "students": NATION,
        "from_students": size["students"],
        "wall_hours": size["wall_seconds"] * times / 3600,
        "cpu_hours": size["cpu_seconds"] * times / 3600,
        "input_gigabytes": size["input_bytes"] * times / 1e9,
        "peak_mebibytes_per_million": size["peak_mebibytes"] / size["students"] * 1e6,
    }


def markdown(results: dict) -> str:
    """The measurement as a table."""
    lines = [
        f"# {results['version']}: term end by size of the city",
        "",
        "| students | input, MB | wall, s | CPU, s | peak, MiB | µs for each student | bytes of memory for each student | runs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size in results["sizes"]:
        failed = sum(run["exit_code"] != 0 for run in size["runs"])
        runs = f"{len(size['runs'])}" + (f", {failed} failed" if failed else "")
        if "wall_seconds" not in size:
            lines.append(f"| {size['students']:,} | {size['input_bytes'] / 1e6:,.1f} |  |  |  |  |  | {runs} |")
            continue
        each = (size["wall_seconds"] / size["students"] * 1e6, size["peak_mebibytes"] * (1 << 20) / size["students"])
        cells = [f"{size['students']:,}", f"{size['input_bytes'] / 1e6:,.1f}", f"{size['wall_seconds']:.2f}", f"{size['cpu_seconds']:.2f}"]
        cells += [f"{size['peak_mebibytes']:,.0f}", f"{each[0]:.2f}", f"{each[1]:,.0f}", runs]
        lines.append(f"| {' | '.join(cells)} |")
    if paper := results.get("nation"):
        lines += [
            "",
            f"The nation on paper: {paper['students']:,} students at what one costs in the city of {paper['from_students']:,}, cut into "
            f"provinces that run one after the other on this machine: {paper['wall_hours']:.2f} hours, {paper['cpu_hours']:.2f} CPU hours, "
            f"{paper['input_gigabytes']:,.1f} GB of Parquet, and for each million students of a province "
            f"{paper['peak_mebibytes_per_million']:,.0f} MiB of memory.",
        ]
    return "\n".join(lines) + "\n"


def run(workshop: Workshop, python: Path, sizes: list[int], times: int, plot: Path) -> int:
    """Measures every size, prints and saves, and has the picture drawn. Gives the exit code."""
    measured = [measure_size(workshop, students, times) for students in sorted(sizes)]
    good = [size for size in measured if "wall_seconds" in size]
    results = {"version": workshop.version, "seed": workshop.seed, "machine": prepare.machine(), "sizes": measured}
    if good:
        results["nation"] = nation(good[-1])
    saved = workshop.folder / "scale.json"
    saved.write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    text = markdown(results)
    (workshop.folder / "scale.md").write_text(text, "utf-8")
    print(text)
    if good:
        plot.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([python, "-B", __file__, saved, plot], check=True)
        say(f"picture: {plot}")
    return 1 if any(run["exit_code"] != 0 for size in measured for run in size["runs"]) else 0


def draw(saved: Path, plot: Path) -> None:
    """Time and memory by students, both on logarithmic scales, beside the line that growing with the city would follow."""
    import matplotlib

    matplotlib.use("svg")
    # The same measurement gives the same picture; the ground is painted, so that it can be read on a dark page too.
    matplotlib.rcParams.update({"svg.hashsalt": "xueji", "font.size": 11, "axes.facecolor": "#ffffff", "figure.facecolor": "#ffffff"})
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    results = json.loads(saved.read_text("utf-8"))
    sizes = [size for size in results["sizes"] if "wall_seconds" in size]
    students = [size["students"] for size in sizes]
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    figure.suptitle(f"Term end by size of the city ({results['version']})")
    curves = (("wall_seconds", "time, seconds", "#0b5394", 1.0), ("peak_mebibytes", "peak memory, GiB", "#9c4a00", 1024.0))

    def in_words(number: float, _place: int | None = None) -> str:
        return f"{number / 1e6:g} M" if number >= 1e6 else f"{number / 1e3:g} k" if number >= 1e3 else f"{number:g}"

    for panel, (key, label, colour, unit) in zip(panels, curves):
        values = [size[key] / unit for size in sizes]
        panel.loglog(students, values, "o-", color=colour, linewidth=2, markersize=7, label="measured")
        straight = [values[-1] * number / students[-1] for number in students]
        panel.loglog(students, straight, "--", color="#777777", linewidth=1.2, label="in proportion to the largest")
        for number, value in zip(students, values):
            panel.annotate(f"{value:.3g}", (number, value), textcoords="offset points", xytext=(-4, 7), ha="right", color=colour)
        panel.set_xticks(students)
        panel.margins(x=0.25, y=0.2)
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(FuncFormatter(in_words))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda number, _place: f"{number:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel("students")
        panel.set_ylabel(label)
        panel.grid(True, which="major", color="#dddddd")
        panel.legend(loc="upper left", frameon=False)
    figure.savefig(plot, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
