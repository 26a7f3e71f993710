"""The head of a PMML file as a tree, like that of a JSON file: header, data dictionary, and each model's attributes and mining schema. The models' trees and
coefficients are not read. A document type or an entity is refused before anything is read. Source: dmg.org/pmml/v4-4-1, "General Structure", "Header",
"DataDictionary", "MiningSchema".
"""

import re
from typing import Any
from xml.parsers import expat

from backend.importing.errors import TooDeep, UnreadableFile
from schemas.common import Json

_ROOT = re.compile(rb"<(?:\w+:)?PMML[\s>]")
_MAX_DEPTH = 512
_NO_MODELS = ("Header", "MiningBuildTask", "DataDictionary", "TransformationDictionary", "Extension")
_FIELDS = {"DataDictionary": "DataField", "MiningSchema": "MiningField"}


def looks_like_pmml(content: bytes) -> bool:
    """Return whether this is XML that begins with an element of PMML."""
    head = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and _ROOT.search(head) is not None


def pmml_tree(content: bytes) -> Json:
    """Return `{"PMML": {"version": …, "Header": {…}, "DataDictionary": {"DataField": […]}, "Models": [{"element": "TreeModel", …}]}}`.

    Raises UnreadableFile, TooDeep.
    """
    reading = _PmmlHead()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reading.start, reading.end, reading.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        message = f"Line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}. The file begins like PMML."
        raise UnreadableFile(message, line=error.lineno, column=error.offset + 1) from error
    return {"PMML": reading.root}


def _refuse(*_: object) -> None:
    raise UnreadableFile("The PMML has a document type (DOCTYPE), which is not read. Save it without.")


class _PmmlHead:
    """Collects the elements of the head, and skips everything below them."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._path: list[str] = []
        self._nodes: list[dict[str, Any] | None] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element: push the dict that holds it, or None if it is skipped."""
        name = name.rsplit(" ", 1)[-1]
        if len(self._path) >= _MAX_DEPTH:
            raise TooDeep(f"The PMML is nested deeper than {_MAX_DEPTH} levels.")
        self._nodes.append(self._made(name, {key.rsplit(" ", 1)[-1]: value for key, value in attributes.items()}))
        self._path.append(name)

    def _made(self, name: str, said: dict[str, Any]) -> dict[str, Any] | None:
        above = self._nodes[-1] if self._nodes else None
        if not self._path:
            self.root = said
            return said
        if above is None:
            return None
        if len(self._path) == 1 and name not in _NO_MODELS:
            above.setdefault("Models", []).append({"element": name, **said})
            return above["Models"][-1]  # type: ignore[no-any-return]
        within = self._path[-1]
        if name == _FIELDS.get(within):
            above.setdefault(name, []).append(said)
            return said
        if within == "DataField" and name == "Value" and said.get("property", "valid") == "valid":
            above.setdefault(name, []).append(said)
            return None
        if name in ("Header", "DataDictionary", "MiningSchema") or (within == "Header" and name in ("Application", "Timestamp")):
            above[name] = said
            return said
        return None

    def text(self, written: str) -> None:
        """Take the header's time, which is in its text."""
        if self._path[1:] == ["Header", "Timestamp"] and (node := self._nodes[-1]) is not None:
            node["text"] = (node.get("text", "") + written)[:200].strip()

    def end(self, _: str) -> None:
        """End an element."""
        self._path.pop()
        self._nodes.pop()
