"""`python -m rpc.core.contract` writes the contract, checks its freshness, maps it to its sources, or compares it with an earlier one."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from rpc.core.contract.compat import changes
from rpc.core.contract.endpoints import Endpoint
from rpc.core.contract.generate import stale, write, write_map
from rpc.core.contract.schema import contract
from rpc.core.router import Router

FOLDER = Path("frontend-contract")
ROOT, ENDPOINTS = "rpc.root:root", "rpc.endpoints:endpoints"


def main(arguments: list[str] | None = None) -> int:
    """Return 0 on success; 1 when a file is stale (`--check`) or a change breaks earlier clients (`--compat`); 2 for an unreadable file."""
    given = _parser().parse_args(arguments)
    root: Router = _load(given.root, Router)
    named = given.endpoints or (ENDPOINTS if given.root == ROOT else None)
    endpoints: Sequence[Endpoint] = _load(named, tuple) if named else ()
    if given.compat:
        return _compare(given.compat, root)
    if given.map:
        print(f"wrote {write_map(root, given.folder)}")
        return 0
    if given.check:
        return _check(root, given.folder, endpoints)
    changed = write(root, given.folder, endpoints)
    write_map(root, given.folder)
    print(f"{given.folder}: {', '.join(changed) if changed else 'nothing changed'}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rpc.core.contract", description="Write the generated contract.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    doing.add_argument("--map", action="store_true", help="write the declaration map only: go-to-definition from TypeScript into Python")
    doing.add_argument("--compat", type=Path, metavar="EARLIER.json", help="name what breaks clients of an earlier contract.json, and fail if anything does")
    parser.add_argument("--root", default=ROOT, help="the root router, as module:attribute")
    parser.add_argument("--endpoints", help="plain endpoints for the OpenAPI document, as module:attribute")
    return parser


def _check(root: Router, folder: Path, endpoints: Sequence[Endpoint]) -> int:
    old = stale(root, folder, endpoints)
    if old:
        print(f"{folder} is stale ({', '.join(old)}): run `make contract` and commit the result", file=sys.stderr)
    return 1 if old else 0


def _compare(path: Path, root: Router) -> int:
    try:
        earlier = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        found = changes(earlier, msgspec.to_builtins(contract(root)))
    except (OSError, msgspec.DecodeError, KeyError) as error:
        print(f"{path} is not a readable contract.json: {error!r}", file=sys.stderr)
        return 2
    for change in found:
        print(change)
    breaking = sum(change.level == "breaking" for change in found)
    print(f"{breaking} breaking" if breaking else f"Clients of {path} continue to work.")
    return 1 if breaking else 0


def _load(name: str, kind: type[Any]) -> Any:
    """Return the object at `module:attribute`."""
    module, _, attribute = name.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, kind):
        raise TypeError(f"{name} is not a {kind.__name__}")
    return found


if __name__ == "__main__":
    sys.exit(main())
