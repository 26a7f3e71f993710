"""Small files, in folders that a reader can take in."""

from collections import Counter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("backend", "rpc", "workers", "schemas") for path in (ROOT / folder).rglob("*.py"))
EVERYWHERE = sorted(
    path for folder in ("backend", "rpc", "workers", "schemas", "migrations", "demo", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py")
)
LENGTHS = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in FILES}


def test_no_folder_holds_more_than_30_python_files() -> None:
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in EVERYWHERE)
    assert {folder: count for folder, count in counts.items() if count > 30} == {}


def test_half_of_the_files_have_at_most_100_lines_and_none_more_than_300() -> None:
    assert median(LENGTHS.values()) <= 100
    assert {name: length for name, length in LENGTHS.items() if length > 300} == {}
