"""What a measurement stands on: the release binary, the peers' own Python environment, and the invented cities.

Everything is made once, below one folder. A city is known by its number of students and its seed; a mark beside it says that it is
complete, and what a small city of the program that made it looked like: one that was broken off, or that the program would make
otherwise now, is made again.
"""

import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

import common  # noqa: E402

REPOSITORY = HERE.parents[1]
PIPELINE = REPOSITORY / "pipelines" / "term-end.toml"
WATCH_PIPELINE = REPOSITORY / "pipelines" / "status-watch.toml"

TERM_END_TABLES = "roster,schools,course_results,exams,evaluations,school_assessments,status_changes,applications,athletes,discipline"
# 1.6 million students go to 1,500 schools; workbooks are of 200 of these, and of 20 at a tenth.
STUDENTS_OF_WORKBOOKS = 200 / 1_500

PARTS: dict[str, tuple[str, ...]] = {
    "city": ("--format", "parquet", "--tables", TERM_END_TABLES),
    "promotion": ("--format", "parquet", "--tables", TERM_END_TABLES, "--grades", "1-4,6-8,10-11"),
    "graduation": ("--format", "parquet", "--tables", TERM_END_TABLES, "--grades", "5,9,12"),
    "workbooks": ("--format", "xlsx", "--tables", "roster,course_results"),
    "csv/gb18030": ("--format", "csv", "--encoding", "gb18030", "--tables", "roster,exams"),
    "csv/utf8": ("--format", "csv", "--encoding", "utf-8", "--tables", "course_results"),
}
# The watch reads attendance beside the tables of term end that it needs; its term is the first, its day of judgement the last of these.
WATCH_TABLES = "roster,schools,registrations,attendance,attendance_reports,urgings,status_changes,applications,discipline"
WATCH = ("--format", "parquet", "--tables", WATCH_TABLES, "--attendance-through", common.WATCH_DAY, "--damage", "0")
PARTS["watch_exceptions"] = (*WATCH, "--attendance", "exceptions")
PARTS["watch_by_student"] = (*WATCH, "--attendance", "daily")
# The audit reads every table.
PARTS["audit"] = ("--format", "parquet", "--attendance", "exceptions")
# Matching needs the rosters; the exam authority's list is made from them.
PARTS["match_rosters"] = ("--format", "parquet", "--tables", "roster,schools")
AUDIT_PIPELINE = REPOSITORY / "pipelines" / "district-audit.toml"
WATCH_ITEMS = (*common.WATCH_ITEMS, "watch_next_day")
ATTENDANCE = "考勤"

PARTS_OF_ITEM = {
    "watch_exceptions": ("watch_exceptions",),
    "watch_by_student": ("watch_by_student",),
    "watch_by_date": ("watch_by_student",),
    "watch_next_day": ("watch_by_student",),
    "audit": ("audit",),
    "match": ("match_rosters",),
    "promotion": ("promotion",),
    "graduation": ("graduation",),
    "term_end": ("city",),
    "report": ("city",),
    "workbooks": ("workbooks",),
    "csv": ("csv/gb18030", "csv/utf8"),
    "first_run": ("workbooks",),
    "second_run": ("workbooks",),
}
FOLDER_OF_ITEM = {"term_end": "city", "report": "city", "first_run": "workbooks", "second_run": "workbooks"}


@dataclass(frozen=True)
class Workshop:
    """The programs and folders of a measurement."""

    folder: Path
    binary: Path
    version: str
    seed: int

    def data(self, students: int) -> Path:
        """Where the cities of a size are kept."""
        return self.folder / "data" / f"{students}-{self.seed}"

    def scratch(self, name: str) -> Path:
        """A new, empty folder for results that are not kept."""
        folder = self.folder / "scratch" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


@functools.cache
def hash_of_small_city(binary: Path) -> str:
    """What the program makes of a small city: another hash means that it makes other cities now."""
    found = hashlib.sha256()
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "sample", "--students", "4000", "--damage", "20", "--format", "csv", "--out", folder]
        subprocess.run(command, check=True, capture_output=True)
        for file in sorted(Path(folder).rglob("*.*")):
            found.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def say(what: str) -> None:
    """A line about progress."""
    print(what, file=sys.stderr, flush=True)


def target_folder() -> Path:
    """Cargo's target directory, as cargo says it."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True)
    return Path(json.loads(told.stdout)["target_directory"])


def built_binary() -> Path:
    """The release binary, built if it is not up to date."""
    subprocess.run(["cargo", "build", "--release", "--bin", "xueji"], cwd=REPOSITORY, check=True)
    return target_folder() / "release" / "xueji"


def version_of(binary: Path) -> str:
    """What the binary calls itself."""
    return subprocess.run([binary, "--version"], capture_output=True, check=True, text=True).stdout.strip()


def environment(folder: Path) -> Path:
    """The Python of the peers' environment, made and filled once for a list of requirements."""
    requirements = HERE / "requirements.txt"
    place, mark = folder / "environment", folder / "environment.made"
    python = place / "bin" / "python"
    wanted = f"{sys.version}\n{requirements.read_text('utf-8')}"
    if python.exists() and mark.exists() and mark.read_text("utf-8") == wanted:
        return python
    say("making the peers' environment")
    mark.unlink(missing_ok=True)
    venv.create(place, clear=True, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    mark.write_text(wanted, "utf-8")
    return python


def make_part(workshop: Workshop, students: int, part: str) -> Path:
    """A part of the city of a size, made unless it is there and complete."""
    place = workshop.data(students) / part
    mark = workshop.data(students) / f"{part.replace('/', '-')}.made"
    wanted = f"{workshop.version}\n{hash_of_small_city(workshop.binary)}\n"
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return place
    number = round(students * STUDENTS_OF_WORKBOOKS) if part == "workbooks" else students
    say(f"making {part} of {number:,} students")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    attendance = () if "--attendance" in PARTS[part] else ("--attendance", "none")
    options = ["--students", str(number), "--seed", str(workshop.seed), "--out", place, *attendance, *PARTS[part]]
    made = subprocess.run([workshop.binary, "sample", *options], capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"{part} could not be made:\n{made.stderr}")
    mark.write_text(wanted, "utf-8")
    return place


def make_data(workshop: Workshop, students: int, item: str) -> Path:
    """What an item of a size reads."""
    for part in PARTS_OF_ITEM[item]:
        make_part(workshop, students, part)
    place = workshop.data(students) / FOLDER_OF_ITEM.get(item, item)
    if item in ("watch_by_date", "watch_next_day"):
        sort_by_date(workshop, students, item, place)
    if item == "match":
        list_exams(workshop, students, place)
    return place


def list_exams(workshop: Workshop, students: int, place: Path) -> None:
    """The rosters, and beside them the exam authority's list of their students; which row is whose stands outside the inputs."""
    source, mark = workshop.data(students) / "match_rosters", workshop.data(students) / "match.made"
    script = HERE / "exam_list.py"
    wanted = (workshop.data(students) / "match_rosters.made").read_text("utf-8") + script.read_text("utf-8")
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return
    say(f"making match of {students:,} students")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place)
    options = ["--source", source, "--out", place / "市", "--truth", workshop.data(students) / "match_truth.parquet"]
    subprocess.run([environment(workshop.folder), "-B", script, *options, "--seed", str(workshop.seed)], check=True)
    mark.write_text(wanted, "utf-8")


def sort_by_date(workshop: Workshop, students: int, item: str, place: Path) -> None:
    """The daily attendance in the order of its dates: in one file, or in a file a day."""
    source, mark = workshop.data(students) / "watch_by_student", workshop.data(students) / f"{item}.made"
    wanted = (workshop.data(students) / "watch_by_student.made").read_text("utf-8")
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return
    say(f"making {item} of {students:,} students")
    shutil.rmtree(place, ignore_errors=True)
    for file in source.glob("*/*.parquet"):
        if file.stem != ATTENDANCE:
            target = place / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    days = "one" if item == "watch_by_date" else "each"
    python = environment(workshop.folder)
    subprocess.run([python, "-B", HERE / "by_date.py", "--source", source, "--out", place / "市", "--days", days], check=True)
    mark.write_text(wanted, "utf-8")


def input_files(data: Path) -> list[Path]:
    """The files that an item reads: those that lie in a district's folder. What was planted, and odd files deeper down, are left out."""
    known = {".parquet", ".csv", ".xlsx"}
    return sorted(file for file in data.rglob("*") if file.suffix in known and file.name != "truth.parquet" and file.parent.name != "其他")


def published(workshop: Workshop, data: Path) -> Path:
    """The folder of a run of term end whose tables alone were published. It is made once."""
    made = workshop.folder / "published" / f"{data.parent.name}-{data.name}"
    mark = made.with_suffix(".made")
    wanted = (data.parent / f"{data.name}.made").read_text("utf-8") + version_of(workshop.binary) + str(workshop.binary.stat().st_mtime_ns)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        shutil.rmtree(made, ignore_errors=True)
        command = [workshop.binary, "run", PIPELINE, "--input", data, "--out", made, "--tables-only", "--no-cache"]
        subprocess.run(command, check=True, capture_output=True)
        mark.write_text(wanted, "utf-8")
    return made


def know(workshop: Workshop, data: Path, out: Path) -> None:
    """What a run keeps of the files that it read, put where the next one looks for it. It is made once."""
    made = workshop.folder / "known" / f"{data.parent.name}-{data.name}"
    mark = made.with_suffix(".made")
    wanted = (data.parent / f"{data.name}.made").read_text("utf-8") + version_of(workshop.binary) + str(workshop.binary.stat().st_mtime_ns)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        shutil.rmtree(made, ignore_errors=True)
        command = [workshop.binary, "run", PIPELINE, "--input", data, "--out", made, "--tables-only"]
        subprocess.run(command, check=True, capture_output=True)
        mark.write_text(wanted, "utf-8")
    shutil.copytree(made / ".cache", out / ".cache", dirs_exist_ok=True)


def go_on_from(workshop: Workshop, data: Path, out: Path) -> Path:
    """The folder of a run over all days but the last, which the next night goes on from. It is made once, and copied for each run."""
    made = workshop.folder / "before" / f"{data.parent.name}-{data.name}"
    mark = made.with_suffix(".made")
    wanted = (data.parent / f"{data.name}.made").read_text("utf-8") + version_of(workshop.binary) + str(workshop.binary.stat().st_mtime_ns)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        shutil.rmtree(made, ignore_errors=True)
        last = max((data / "市").glob("*.parquet"))
        aside = data.parent / last.name
        last.rename(aside)
        try:
            command = [workshop.binary, "run", WATCH_PIPELINE, "--input", data, "--out", made, "--tables-only", "--no-cache", *watch_options("watch_next_day")]
            subprocess.run(command, check=True, capture_output=True)
        finally:
            aside.rename(last)
        mark.write_text(wanted, "utf-8")
    shutil.copytree(made, out, dirs_exist_ok=True)
    return out


def watch_options(item: str) -> list[str]:
    """How the watch is run over an item's data."""
    return ["--as-of", common.WATCH_DAY, "--attendance", "exceptions" if item == "watch_exceptions" else "daily"]


def machine() -> dict:
    """What the measurement ran on."""
    facts: dict = {}
    try:
        models = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
        facts = {"processor": models[0] if models else "", "memory_gibibytes": round(int(total.split()[1]) / (1 << 20), 1)}
    except OSError:
        pass
    return facts
