"""The contract's hash, over shapes only: a reworded sentence makes no browser reload."""

import hashlib
from typing import Any

import msgspec

from rpc.core.contract.schema import contract
from rpc.core.router import Router

_PROSE_FIELDS = frozenset({"description", "title", "examples"})
_NAMED = frozenset({"properties", "$defs", "procedures", "errors"})
"""Keys whose members we name: a property called `description` is a shape, not text."""


def contract_hash(root: Router) -> str:
    """Return sixteen hex digits of the SHA-256 over the contract's shapes."""
    return hash_of(contract(root))


def hash_of(document: dict[str, Any]) -> str:
    """Return the hash of a generated contract."""
    shapes = {**document, "procedures": {path: _shape(p) for path, p in document["procedures"].items()}}
    canonical = msgspec.json.encode(_wordless(shapes, named=False), order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]


def _shape(procedure: dict[str, Any]) -> dict[str, Any]:
    """Return what a client depends on, without permissions."""
    return {name: value for name, value in procedure.items() if name not in ("description", "permission")}


def _wordless(value: Any, *, named: bool) -> Any:
    if isinstance(value, dict):
        kept = value.items() if named else ((k, v) for k, v in value.items() if k not in _PROSE_FIELDS)
        return {k: _wordless(v, named=not named and k in _NAMED) for k, v in kept}
    if isinstance(value, list):
        return [_wordless(item, named=False) for item in value]
    return value
