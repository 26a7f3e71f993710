"""`python -m rpc.core.contract [--check] [--root module:attribute] [folder]` writes the contract, or says that it is stale."""

import argparse
import importlib
import sys
from pathlib import Path

from rpc.core.contract.generate import stale, write
from rpc.core.router import Router

FOLDER = Path("frontend-contract")


def main(arguments: list[str] | None = None) -> int:
    """0 when all is well; with `--check` 1 when a file is stale."""
    parser = argparse.ArgumentParser(prog="python -m rpc.core.contract", description="Write the generated contract.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("--root", default="rpc.root:root", help="the root router, as module:attribute")
    given = parser.parse_args(arguments)
    root = load(given.root)
    if not given.check:
        changed = write(root, given.folder)
        print(f"{given.folder}: {', '.join(changed) if changed else 'nothing changed'}")
        return 0
    old = stale(root, given.folder)
    if old:
        print(f"{given.folder} is stale ({', '.join(old)}): run `make contract` and commit the result", file=sys.stderr)
    return 1 if old else 0


def load(name: str) -> Router:
    """The router at `module:attribute`."""
    module, _, attribute = name.partition(":")
    root = getattr(importlib.import_module(module), attribute)
    if not isinstance(root, Router):
        raise TypeError(f"{name} is not a Router")
    return root


if __name__ == "__main__":
    sys.exit(main())
