"""Compares a contract with an earlier one, and names each change that breaks earlier clients.

Inputs must accept everything that was accepted; outputs must keep everything that was promised. A new output field breaks nobody. Neither do constraints on
outputs (length, range), which clients do not check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rpc.core.contract.refs import Schema
from rpc.core.contract.subset import Reader, differences


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the procedure or error, the place in it (`input/slug`), and the difference. A `note` breaks no program, but is worth knowing."""

    subject: str
    where: str
    what: str
    level: Literal["breaking", "note"] = "breaking"

    def __str__(self) -> str:
        """Return the change as text."""
        place = f"{self.subject} {self.where}".strip()
        return f"{self.level}: {place}: {self.what}"


def changes(earlier: Schema, now: Schema) -> list[Change]:
    """Return the changes from one contract.json to another that an earlier client would notice."""
    found: list[Change] = []
    for path, old in earlier["procedures"].items():
        new = now["procedures"].get(path)
        found += [Change(path, "", "is gone")] if new is None else _procedure(path, old, new, earlier, now)
    used = {reason for procedure in earlier["procedures"].values() for reason in procedure["errors"]}
    found += [change for reason in sorted(used) if (change := _error(reason, earlier["errors"], now["errors"]))]
    return found


def _procedure(path: str, old: Schema, new: Schema, earlier: Schema, now: Schema) -> Iterator[Change]:
    if old["kind"] != new["kind"]:
        yield Change(path, "", f"was a {old['kind']}, is a {new['kind']}")
        return
    if old["streams"] != new["streams"]:
        yield Change(path, "", "streams its result now" if new["streams"] else "no longer streams its result")
        return
    yield from _input(path, old, new, earlier, now)
    promised = differences(new["output"], old["output"], Reader(now, earlier, "out"))
    yield from (Change(path, f"output{pointer}", what) for pointer, what in promised)
    if old["permission"] != new["permission"]:
        yield Change(path, "", f"needed `{old['permission']}`, needs `{new['permission']}`", "note")
    for reason in sorted(set(new["errors"]) - set(old["errors"])):
        yield Change(path, "", f"may now be refused as {reason}", "note")


def _input(path: str, old: Schema, new: Schema, earlier: Schema, now: Schema) -> Iterator[Change]:
    if "input" not in new:  # an unexpected input is ignored
        return
    if "input" not in old:
        if not new["inputOptional"]:
            yield Change(path, "input", "is now required, and there was none")
        return
    if old["inputOptional"] and not new["inputOptional"]:
        yield Change(path, "input", "may no longer be left out")
    if _media(old) != _media(new):
        yield Change(path, "input", f"was {_media(old)}, is {_media(new)}")
        return
    accepted = differences(old["input"], new["input"], Reader(earlier, now, "in"))
    yield from (Change(path, f"input{pointer}", what) for pointer, what in accepted)


def _media(procedure: Schema) -> Any:
    return procedure["input"].get("contentMediaType", "application/json")


def _error(reason: str, earlier: Schema, now: Schema) -> Change | None:
    old, new = earlier[reason], now.get(reason)
    if new is None:
        return Change(reason, "", "is no longer a declared error", "note")
    if (old["code"], old["httpStatus"]) != (new["code"], new["httpStatus"]):
        return Change(reason, "", f"was {old['code']} ({old['httpStatus']}), is {new['code']} ({new['httpStatus']})")
    return None
