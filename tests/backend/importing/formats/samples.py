"""Samples of every known format: what tools wrote and what published schemas say (fixtures/README.md). Several of one format have a word after a dot."""

from pathlib import Path
from typing import Any

from backend.importing.preview import preview
from schemas.importing import ImportPreview

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILES = {path.name.rsplit("-", 1)[0].removesuffix(".json"): path for folder in ("tools", "published") for path in sorted((FIXTURES / folder).iterdir())}


def look(name: str, pick: str | None = None) -> tuple[dict[str, Any], ImportPreview]:
    found = preview(FILES[name].read_bytes(), FILES[name].name, pick)
    assert found.document is not None
    return found.document, found


def figures(document: dict[str, Any]) -> dict[tuple[str, str | None], float]:
    return {(metric["name"], metric.get("split")): metric["value"] for metric in document["metrics"]}
