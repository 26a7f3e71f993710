"""Writes the contract's files, and finds the stale ones."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rpc.core.contract.declaration_map import declaration_map
from rpc.core.contract.endpoints import Endpoint
from rpc.core.contract.fingerprint import hash_of
from rpc.core.contract.openapi import openapi
from rpc.core.contract.package import TYPE_TEST, client, manifest, plain, typed
from rpc.core.contract.python_client import python_client
from rpc.core.contract.router_types import NOTICE, router_types
from rpc.core.contract.schema import contract
from rpc.core.contract.zod import zod
from rpc.core.router import Router


def generate(root: Router, endpoints: Sequence[Endpoint] = ()) -> dict[str, str]:
    """Return the text of every file of the package, by name. The same procedures give the same bytes."""
    document = contract(root)
    fingerprint = hash_of(document)
    factory, schemas = client(document, fingerprint), NOTICE + zod(document)
    return {
        "contract.json": _json({"contractHash": fingerprint, **document}),
        "openapi.json": _json(openapi(document, fingerprint, endpoints)),
        "router.d.ts": router_types(root),
        "client.ts": typed(factory),
        "client.js": plain(factory),
        "zod.ts": typed(schemas),
        "zod.js": plain(schemas),
        "contract.test-d.ts": TYPE_TEST,
        "package.json": manifest(),
        "python/tiltyard_client.py": python_client(document, fingerprint),
    }


def write(root: Router, folder: Path, endpoints: Sequence[Endpoint] = ()) -> list[str]:
    """Write the files. Return the names of those that changed."""
    changed = stale(root, folder, endpoints)
    for name, text in generate(root, endpoints).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return changed


def write_map(root: Router, folder: Path) -> Path:
    """Write the declaration map beside router.d.ts."""
    path = folder / "router.d.ts.map"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(declaration_map(root, folder), encoding="utf-8")
    return path


def stale(root: Router, folder: Path, endpoints: Sequence[Endpoint] = ()) -> list[str]:
    """Return the names of files that are missing or differ from the procedures."""
    wanted = generate(root, endpoints)
    return [name for name, text in wanted.items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
