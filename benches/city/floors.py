"""What the machine itself asks for: the least that any program has to do with the same inputs, and nothing more.

    floors.py FLOOR --item promotion --data DIR --threads N

Each floor runs in a process of its own and prints what it took, imports left out. A Parquet item has two decoders and its floor is the
faster one; a program may go below it where a filter spares it decoding what it does not want.
"""

import argparse
import json
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

import common

COPIED_BYTES = 1 << 28
COPIES = 5
LOCAL_HEADER = 30


def columns_of(item: str) -> dict[str, list[str]]:
    """The columns that an item reads; the year's end as a whole reads those of promotion and of graduation."""
    items = ("promotion", "graduation") if item == "term_end" else (item,)
    columns: dict[str, list[str]] = {}
    for part in items:
        for table, names in common.COLUMNS_READ[part].items():
            columns[table] = list(dict.fromkeys([*columns.get(table, []), *names]))
    return columns


def decode_with_arrow(item: str, data: Path, threads: int) -> dict:
    """Row groups side by side, texts left as codes of a dictionary: the cheapest form that a reader can hand over."""
    import pyarrow
    import pyarrow.parquet as parquet

    pyarrow.set_cpu_count(1)
    parts = []
    for table, columns in columns_of(item).items():
        texts = [column for column in columns if common.kind_of(column) == "text"]
        for file in common.files_of(data, table):
            groups = parquet.ParquetFile(file).num_row_groups
            parts += [(file, columns, texts, group) for group in range(groups)]

    def decode(part: tuple[Path, list[str], list[str], int]) -> int:
        file, columns, texts, group = part
        return parquet.ParquetFile(file, read_dictionary=texts).read_row_group(group, columns=columns, use_threads=False).num_rows

    with ThreadPoolExecutor(threads) as pool:
        return {"rows": sum(pool.map(decode, parts))}


def decode_with_duckdb(item: str, data: Path, threads: int) -> dict:
    """Every value looked at once by DuckDB."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}")
    look = {"text": 'sum(strlen("{}"))', "number": 'sum("{}")', "date": "sum(\"{}\" - date '2000-01-01')"}
    rows = 0
    for table, columns in columns_of(item).items():
        files = [str(file) for file in common.files_of(data, table)]
        if files:
            looks = ", ".join(look[common.kind_of(column)].format(column) for column in columns)
            rows += connection.execute(f"select count(*), {looks} from read_parquet({files})").fetchone()[0]
    return {"rows": rows}


def unzip(_item: str, data: Path, threads: int) -> dict:
    """The workbooks' parts inflated and thrown away."""

    def inflate(path: Path) -> int:
        raw = path.read_bytes()
        size = 0
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                header = raw[part.header_offset : part.header_offset + LOCAL_HEADER]
                # The lengths of the name and of what may follow it stand at the local header's end.
                name, extra = (int.from_bytes(header[place : place + 2], "little") for place in (26, 28))
                begin = part.header_offset + LOCAL_HEADER + name + extra
                packed = raw[begin : begin + part.compress_size]
                size += len(zlib.decompress(packed, -zlib.MAX_WBITS)) if part.compress_type == zipfile.ZIP_DEFLATED else len(packed)
        return size

    with ThreadPoolExecutor(threads) as pool:
        return {"bytes": sum(pool.map(inflate, common.workbooks_of(data)))}


def text_files(data: Path) -> list[tuple[Path, str]]:
    """The text files with their encodings."""
    return [(file, encoding) for table, encoding in common.TEXT_ENCODINGS.items() for file in common.text_files_of(data, table)]


def count_lines(_item: str, data: Path, threads: int) -> dict:
    """The bytes read and the line ends counted: no encoding known."""

    def count(file: tuple[Path, str]) -> int:
        return file[0].read_bytes().count(b"\n")

    with ThreadPoolExecutor(threads) as pool:
        return {"lines": sum(pool.map(count, text_files(data)))}


def decode_text(_item: str, data: Path, threads: int) -> dict:
    """The lines counted, and GB18030 turned into Unicode by iconv, UTF-8 by Python; nothing parsed."""

    def decode(file: tuple[Path, str]) -> int:
        path, encoding = file
        raw = path.read_bytes()
        if encoding == "utf-8":
            raw.decode(encoding)
        else:
            subprocess.run(["iconv", "-f", encoding, "-t", "utf-8", str(path)], stdout=subprocess.DEVNULL, check=True)
        return raw.count(b"\n")

    with ThreadPoolExecutor(threads) as pool:
        return {"lines": sum(pool.map(decode, text_files(data)))}


def copy_memory(_item: str, _data: Path, threads: int) -> dict:
    """How fast memory is copied: the median of a few copies of a quarter of a gibibyte, cut among the threads."""
    import numpy

    source, target = numpy.ones(COPIED_BYTES, numpy.uint8), numpy.zeros(COPIED_BYTES, numpy.uint8)
    bounds = [COPIED_BYTES * part // threads for part in range(threads + 1)]

    def copy(part: int) -> None:
        numpy.copyto(target[bounds[part] : bounds[part + 1]], source[bounds[part] : bounds[part + 1]])

    rates = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(COPIES):
            started = time.perf_counter()
            list(pool.map(copy, range(threads)))
            rates.append(COPIED_BYTES / (time.perf_counter() - started))
    return {"bytes_per_second": sorted(rates)[COPIES // 2]}


FLOORS: dict[str, Callable[[str, Path, int], dict]] = {
    "arrow": decode_with_arrow,
    "duckdb": decode_with_duckdb,
    "unzip": unzip,
    "lines": count_lines,
    "decode": decode_text,
    "copy": copy_memory,
}


def main() -> None:
    """Runs one floor and prints what it took."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("floor", choices=list(FLOORS))
    arguments.add_argument("--item", required=True)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--threads", type=int, required=True)
    chosen = arguments.parse_args()
    if chosen.floor == "arrow":
        import pyarrow.parquet  # noqa: F401  An import is not the machine's floor.
    elif chosen.floor == "duckdb":
        import duckdb  # noqa: F401
    started = time.perf_counter()
    found = FLOORS[chosen.floor](chosen.item, chosen.data, chosen.threads)
    print(json.dumps({"work_seconds": time.perf_counter() - started, **found}))


if __name__ == "__main__":
    main()
