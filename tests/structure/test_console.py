"""No two files of the console import each other, directly or through others."""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "console/src"
FROM = re.compile(r"""\bfrom\s+['"]((?:@/|\./|\.\./)[^'"]+)['"]""")


def imported(path: Path, source: Path) -> set[Path]:
    """The files of the source folder that a file imports, types included."""
    names = [source / said[2:] if said.startswith("@/") else path.parent / said for said in FROM.findall(path.read_text())]
    files = [Path(f"{name}{end}") for name in names for end in ("", ".ts", ".tsx", "/index.ts", "/index.tsx")]
    return {file.resolve() for file in files if file.is_file() and file.suffix in (".ts", ".tsx")}


def circle(source: Path) -> list[str]:
    """The files of one circle of imports; none when there is none."""
    graph = {path.resolve(): imported(path, source) for path in source.rglob("*.ts*")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(path.relative_to(source.resolve())) for path in error.args[1]]
    return []


def test_the_console_has_no_circle_of_imports() -> None:
    assert circle(SOURCE) == []


def test_the_search_finds_a_circle(tmp_path: Path) -> None:
    (tmp_path / "Row.tsx").write_text("import { Dialog } from '@/Dialog';\n")
    (tmp_path / "Dialog.tsx").write_text("import type { again } from './Row';\n")
    assert sorted(set(circle(tmp_path))) == ["Dialog.tsx", "Row.tsx"]
