"""The console's own rules: no circle of imports, a reason for each withheld button, a way out of each dialog, roles as the hub has them."""

import re
import subprocess
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from backend.access.permissions import ROLE_PERMISSIONS, P

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


def test_the_linter_refuses_a_button_that_is_withheld_without_a_reason() -> None:
    said = ["<Button disabled>Save</Button>", "<ActionIcon disabled={x}>+</ActionIcon>", "<Menu.Item disabled={x}>Go</Menu.Item>"]
    text = "import { ActionIcon, Button, Menu } from '@mantine/core';\nexport const x = true;\n"
    text += "".join(f"export const of{nth} = {one};\n" for nth, one in enumerate(said))
    command = ["npx", "eslint", "--stdin", "--stdin-filename", "src/components/Kpi.tsx"]
    found = subprocess.run(command, cwd=SOURCE.parent, input=text, capture_output=True, text=True, check=False, timeout=240)
    assert found.stdout.count("Say why: an ActionButton") == len(said), found.stdout + found.stderr


def test_every_dialog_has_a_button_that_leaves_it() -> None:
    bare = [path.name for path in SOURCE.rglob("*.tsx") if "<Modal" in path.read_text() and "<DialogActions" not in path.read_text()]
    assert bare == []


def test_the_roles_that_a_refusal_names_are_those_that_hold_the_permission() -> None:
    named = dict(re.findall(r"^  '([a-z:]+)': \[(.+)\],$", (SOURCE / "features/access/powers.ts").read_text(), re.MULTILINE))
    assert named
    told = {power: sorted(re.findall(r"'(\w+)'", roles)) for power, roles in named.items()}
    assert told == {power: sorted(role for role, held in ROLE_PERMISSIONS.items() if P(power) in held) for power in named}
