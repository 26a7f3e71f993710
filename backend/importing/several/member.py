"""One of several models in a file, and the tables that list models."""

import msgspec

from backend.importing.pointers import Path
from backend.importing.transforms import is_number
from backend.importing.vocabulary import FIELDS, algorithm_prefix, metric_key, names_algorithm, words
from schemas.common import Json


class Member(msgspec.Struct, frozen=True):
    """One model of a file: its name, its other names, and its own places."""

    name: str
    also: frozenset[str]
    places: tuple[Path, ...]
    flat: str | None = None
    """Its prefix or suffix in keys such as `rf_accuracy`."""
    headings: tuple[str, ...] = ()
    """The heading of each of its places, if they are cells of a table."""

    def is_called(self, name: str) -> bool:
        """Return whether this is the named model."""
        return words(name) in {words(self.name), *(words(one) for one in self.also)}


def by_table(path: Path, key: str, node: Json) -> list[Member]:
    """Return the models of a table with separate headings: `{"columns": ["model", "auc"], "data": [["rf", 0.8], …]}`."""
    if not isinstance(node, dict):
        return []
    fields = {words(name): name for name, value in node.items() if isinstance(value, list)}
    head = next((fields[one] for one in ("columns", "header", "headers", "column_names", "fields") if one in fields), None)
    body = next((fields[one] for one in ("data", "rows", "values", "records") if one in fields), None)
    if head is None or body is None or not all(isinstance(one, str) for one in node[head]):
        return []
    columns = [str(one) for one in node[head]]
    named = next((at for at, one in enumerate(columns) if words(one) in FIELDS["model_name"]), None)
    known = [at for at, one in enumerate(columns) if (found := metric_key(one)) and found.part == "value"]
    rows = [row for row in node[body] if isinstance(row, list) and len(row) == len(columns)]
    if named is None and known:
        return _by_index(path, node, fields, columns, known, body)
    if named is None or not known or len(rows) != len(node[body]) or not all(isinstance(row[named], str) for row in rows):
        return []
    places = [tuple((*path, body, at, column) for column in (named, *known)) for at in range(len(rows))]
    if len({row[named] for row in rows}) != len(rows):
        return []
    headings = tuple(columns[column] for column in (named, *known))
    return [Member(name=row[named], also=frozenset(), places=own, headings=headings) for row, own in zip(rows, places, strict=True)]


def _by_index(path: Path, node: dict[str, Json], fields: dict[str, str], columns: list[str], known: list[int], body: str) -> list[Member]:
    """Return the same with the models' names in a separate index, as pandas writes it."""
    index = node.get(fields.get("index", ""))
    if not isinstance(index, list) or len(index) != len(node[body]) or not all(isinstance(one, str) and names_algorithm(one) for one in index):
        return []
    if len(set(index)) != len(index) or not all(isinstance(row, list) and len(row) == len(columns) for row in node[body]):
        return []
    headings = ("model", *(columns[column] for column in known))
    places = [((*path, fields["index"], at), *((*path, body, at, column) for column in known)) for at in range(len(index))]
    return [Member(name=name, also=frozenset(), places=own, headings=headings) for name, own in zip(index, places, strict=True)]


def by_prefix(path: Path, key: str, node: Json) -> list[Member]:
    """Return the models of flat keys that begin or end with a kind of model: `rf_accuracy`, `xgb_accuracy`."""
    if not isinstance(node, dict):
        return []
    found: dict[str, dict[str, Path]] = {}
    for name, value in node.items():
        if is_number(value) and metric_key(name) is None and (known := algorithm_prefix(name)):
            found.setdefault(known[0], {})[known[1]] = (*path, name)
    if len(found) < 2 or not set.intersection(*(set(own) for own in found.values())):
        return []
    return [Member(name=name, also=frozenset(), places=tuple(own.values()), flat=name) for name, own in found.items()]
