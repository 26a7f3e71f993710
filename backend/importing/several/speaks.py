"""The metrics in a part of a file."""

from backend.importing.transforms import is_number
from backend.importing.vocabulary import metric_key, section, split_of
from schemas.common import Json


def has_metrics(node: Json, depth: int = 2) -> set[str]:
    """Return the metrics of a part of a file: its own, and those of a part of metrics or of a split within it."""
    if not isinstance(node, dict):
        return set()
    found = {key.name for name, value in node.items() if is_number(value) and (key := metric_key(name)) and key.part == "value"}
    if depth:
        for name, value in node.items():
            if isinstance(value, dict) and (section(name, "metrics", "report", "confusion") or split_of(name) or metric_key(name)):
                found |= has_metrics(value, depth - 1) or ({str(name)} if metric_key(name) else set())
    return found
