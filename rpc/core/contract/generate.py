"""Writes the contract's files, and tells which of them are stale."""

import json
from pathlib import Path

from rpc.core.contract.fingerprint import hash_of
from rpc.core.contract.package import TYPE_TEST, client, manifest
from rpc.core.contract.router_types import router_types
from rpc.core.contract.schema import contract
from rpc.core.router import Router


def generate(root: Router) -> dict[str, str]:
    """The text of every file of the package, by name. The same procedures give the same bytes."""
    document = contract(root)
    fingerprint = hash_of(document)
    return {
        "contract.json": json.dumps({"contractHash": fingerprint, **document}, indent=1, ensure_ascii=False) + "\n",
        "router.d.ts": router_types(root),
        "client.ts": client(fingerprint),
        "contract.test-d.ts": TYPE_TEST,
        "package.json": manifest(),
    }


def write(root: Router, folder: Path) -> list[str]:
    """Write the files; gives the names of those that changed."""
    changed = stale(root, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in generate(root).items():
        (folder / name).write_text(text, encoding="utf-8")
    return changed


def stale(root: Router, folder: Path) -> list[str]:
    """The names of files that are missing or not what the procedures say."""
    return [name for name, text in generate(root).items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]
