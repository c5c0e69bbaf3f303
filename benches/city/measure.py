"""One run of one program, measured: a fresh process, its inputs in the page cache, and what everybody else did meanwhile.

The wall clock runs from the start of the process to its end. User and system time and the peak of resident memory are the kernel's own
figures for that process (and for children it waited for). On a machine that others use, the CPU seconds of everybody else during the run
say whether a wall time can be trusted.
"""

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = 1 << 22
TIMEOUT_SECONDS = 7_200
TAIL = 2_000


@dataclass
class Run:
    """What one run cost, and what it said."""

    wall_seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    others_cpu_seconds: float | None
    load_before: float
    exit_code: int
    # What the program reports of itself, such as its time without imports.
    report: dict = field(default_factory=dict)
    failure: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the program ended well."""
        return self.exit_code == 0


def busy_seconds() -> float | None:
    """CPU seconds that the machine has spent since it was started; none where the kernel does not tell."""
    try:
        counts = [int(count) for count in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return None
    idle, waiting = counts[3], counts[4]
    return (sum(counts) - idle - waiting) / os.sysconf("SC_CLK_TCK")


def warm(files: Iterable[Path]) -> int:
    """Reads files once, so that a run that follows finds them in the page cache. Says how many bytes they hold."""
    size = 0
    for file in files:
        with file.open("rb", buffering=0) as handle:
            while block := handle.read(BLOCK):
                size += len(block)
    return size


def last_object(output: str) -> dict:
    """The JSON object on the last line of a program's output, where there is one."""
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def measure(command: list[str], inputs: Iterable[Path], keep_output: bool = True) -> Run:
    """Runs a command once."""
    warm(inputs)
    load, busy = os.getloadavg()[0], busy_seconds()
    with tempfile.TemporaryFile() as errors:
        output = subprocess.PIPE if keep_output else subprocess.DEVNULL
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        # Only this process, and only if it never ends by itself.
        guard = threading.Timer(TIMEOUT_SECONDS, process.kill)
        guard.start()
        said = process.stdout.read().decode(errors="replace") if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        complaint = errors.read().decode(errors="replace")
    cpu = usage.ru_utime + usage.ru_stime
    after = busy_seconds()
    others = None if busy is None or after is None else max(0.0, after - busy - cpu)
    failure = "" if process.returncode == 0 else (complaint or said)[-TAIL:]
    return Run(wall, cpu, usage.ru_maxrss / 1024, others, load, process.returncode, last_object(said), failure)
