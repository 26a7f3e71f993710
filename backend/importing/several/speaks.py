"""What a part of a file says of a model's quality."""

from backend.importing.transforms import is_number
from backend.importing.vocabulary import metric_key, section, split_of
from schemas.common import Json


def has_metrics(node: Json, depth: int = 2) -> set[str]:
    """Return the metrics that a part of a file gives, in itself or in a part of metrics or of a split within."""
    if not isinstance(node, dict):
        return set()
    found = {key.name for name, value in node.items() if is_number(value) and (key := metric_key(name)) and key.part == "value"}
    if depth:
        for name, value in node.items():
            if isinstance(value, dict) and (section(name, "metrics", "report", "confusion") or split_of(name) or metric_key(name)):
                found |= has_metrics(value, depth - 1) or ({str(name)} if metric_key(name) else set())
    return found
