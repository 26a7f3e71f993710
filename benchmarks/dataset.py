"""A CSV to a hashed, described snapshot in Parquet, beside pandas: read_csv, describe, to_parquet.

python -m benchmarks.dataset [--rows 5000000] [--columns 30] [--no-pandas]

The CSV is made on the fly. The snapshot is made as a worker makes it: in a limited process. pandas runs in an environment of its own, in a folder that is
removed afterwards. The last line is JSON: `vs_pandas` is the time of pandas over ours, `peak_mb` the highest resident memory of our process.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

ROOT = Path(__file__).parent.parent
PART = 100_000
OURS = """
import json, resource, sys, time
from backend.datasets.reading.prepare import inspect_file, prepare_file
from backend.datasets.reading.shapes import Preparation
path, written, folder = sys.argv[1:]
began = time.perf_counter()
facts = inspect_file(path, "rows.csv", folder)
prepared = prepare_file(Preparation(path=path, format=facts.format, delimiter=facts.delimiter, choices=[], complete=False, written=written, folder=folder))
seconds = time.perf_counter() - began
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "rows": prepared.rows, "hash": prepared.content_hash}))
"""
THEIRS = """
import json, resource, sys, time
began = time.perf_counter()
import pandas
frame = pandas.read_csv(sys.argv[1])
frame.describe(include="all")
frame.to_parquet(sys.argv[2])
print(json.dumps({"seconds": time.perf_counter() - began, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def make_csv(path: Path, rows: int, columns: int) -> None:
    """Write numbers, whole numbers, categories and a timestamp, with some missing cells."""
    generator = np.random.default_rng(1)
    writer = None
    for start in range(0, rows, PART):
        count = min(PART, rows - start)
        cells: dict[str, object] = {"id": np.arange(start, start + count), "defaulted": generator.integers(0, 2, count)}
        cells["at"] = (np.datetime64("2025-01-01", "s") + generator.integers(0, 31_000_000, count).astype("timedelta64[s]")).astype(str)
        cells["region"] = np.array(["north", "south", "east", "west"])[generator.integers(0, 4, count)]
        for number in range(columns - len(cells)):
            values = np.round(generator.normal(size=count) * 1000, 4)
            cells[f"x{number}"] = pa.array(values, mask=generator.random(count) < 0.02)
        table = pa.table(cells)
        writer = writer or pa_csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def measured(python: str, code: str, *arguments: str) -> dict[str, float]:
    """Run the code in a process of its own and return what it printed."""
    done = subprocess.run([python, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return found


def pandas_python(folder: Path) -> str:
    """Make an environment with pandas and pyarrow."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "pandas")], check=True)
    subprocess.run([str(folder / "pandas/bin/python"), "-m", "pip", "install", "-q", "pandas", "pyarrow"], check=True)
    return str(folder / "pandas/bin/python")


def main() -> None:
    """Measure both, ours first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--no-pandas", action="store_true", help="measure ours alone")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(tempfile.mkdtemp(prefix="tiltyard-bench-dataset-"))
    try:
        csv, spill = folder / "rows.csv", folder / "spill"
        spill.mkdir()
        began = time.perf_counter()
        make_csv(csv, asked.rows, asked.columns)
        print(f"made {csv.stat().st_size / 1e6:,.0f} MB in {time.perf_counter() - began:.1f} s", flush=True)
        ours = measured(sys.executable, OURS, str(csv), str(folder / "ours.parquet"), str(spill))
        print(f"tiltyard: {ours['seconds']:.1f} s, {ours['peak_mb']:,.0f} MB, {(folder / 'ours.parquet').stat().st_size / 1e6:,.0f} MB of Parquet", flush=True)
        figures: dict[str, float | None] = {"vs_pandas": None, "peak_mb": round(ours["peak_mb"])}
        if not asked.no_pandas:
            theirs = measured(pandas_python(folder), THEIRS, str(csv), str(folder / "theirs.parquet"))
            print(f"pandas: {theirs['seconds']:.1f} s, {theirs['peak_mb']:,.0f} MB", flush=True)
            figures["vs_pandas"] = round(theirs["seconds"] / ours["seconds"], 2)
        print(json.dumps(figures))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
