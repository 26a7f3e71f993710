"""Plain words in docstrings, comments, texts, pages and the console."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ("backend", "benchmarks", "demo", "migrations", "rpc", "schemas", "tests/support", "workers")
SHORT = ("backend", "migrations", "rpc", "schemas", "workers")
"""Folders with a limit on the length of a docstring's sentences."""
AVOIDED = re.compile(r"\b(who(?:m|so)?ever|thereof|whereof|of which|so many|so much|(?:is|are) told)\b", re.IGNORECASE)
"""Archaic or indirect words. Write who or what does it, and how many."""
MOST_WORDS = 25
MOST_LONG = 1
"""Long sentences that a folder may have."""
ALLOWED: dict[str, set[str]] = {}
"""Reviewed exceptions, by file."""


def tracked(*patterns: str) -> list[Path]:
    """Return the project's files that match, without generated ones."""
    found = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in found if (ROOT / name).exists() and not name.startswith("frontend-contract/")]


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings, comments and other texts of a Python file, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT or tokenize.tok_name[token.type] in {"STRING", "FSTRING_MIDDLE"}:
            yield token.start[0], token.string


def docstrings_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a Python file, attributes' included, without their examples."""
    for node in ast.walk(ast.parse(path.read_text())):
        for inner in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant) and isinstance(inner.value.value, str):
                yield inner.lineno, inner.value.value.split(">>>")[0]


def avoided(path: Path, texts: Iterator[tuple[int, str]]) -> list[str]:
    """Return the avoided words in texts, each with its place."""
    name = str(path.relative_to(ROOT))
    allowed = ALLOWED.get(name, set())
    return [f"{name}:{line}: {found[0]}" for line, text in texts for found in AVOIDED.finditer(text) if found[0].lower() not in allowed]


@pytest.mark.parametrize("folder", PYTHON)
def test_python_avoids_archaic_words(folder: str) -> None:
    assert [found for path in tracked(f"{folder}/*.py") for found in avoided(path, texts_of(path))] == []


PAGES = ("README.md", "CHANGELOG.md", "docs/*.md", "demo/*.md")


@pytest.mark.parametrize("patterns", [PAGES, ("console/src/*.ts", "console/src/*.tsx")], ids=["pages", "console"])
def test_pages_and_the_console_avoid_archaic_words(patterns: tuple[str, ...]) -> None:
    assert [found for path in tracked(*patterns) for found in avoided(path, enumerate(iter(path.read_text().splitlines()), 1))] == []


@pytest.mark.parametrize("folder", SHORT)
def test_sentences_of_docstrings_are_short(folder: str) -> None:
    """A few may be longer, so that two changes made at the same time do not fail together: shorten them with the next change."""
    long = [found for path in tracked(f"{folder}/*.py") for found in long_sentences(path)]
    assert len(long) <= MOST_LONG, long


def long_sentences(path: Path) -> Iterator[str]:
    """Yield the long sentences of docstrings. A sentence ends at a full stop, a colon or a semicolon; a name in backticks is one word."""
    for line, text in docstrings_of(path):
        for sentence in re.split(r"(?<=[.!?:;])\s+|\n\s*\n", re.sub(r"`[^`]*`", "name", text)):
            if len(sentence.split()) > MOST_WORDS:
                yield f"{path.relative_to(ROOT)}:{line}: {' '.join(sentence.split())[:80]}"
