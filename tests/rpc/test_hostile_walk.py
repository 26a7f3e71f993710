"""NUL, control characters, absurd numbers and cursors: each procedure refuses them in words, or takes them; none breaks, and no log line is made by them."""

# ruff: noqa: F811  fixtures of another module

import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from backend.errors import HubError
from backend.hub import Hub
from rpc.core.errors import known
from schemas.errors import ErrorCode
from tests.rpc.test_permissions import PROCEDURES, attempt, named, serving  # noqa: F401  fixtures
from tests.support.group import Serving
from tests.support.tenants import Tenant

TEXTS = ["a\0b", "\x01\x1b[2J", "a\nb", "9" * 40, "٣", "\u2028", "x" * 10_000]
NUMBERS = [2**53 - 1, 2**31, -1, 1e308]
ADDED = {"cursor": TEXTS, "search": TEXTS, "subject": TEXTS, "action": TEXTS, "kind": TEXTS, "reason": TEXTS}
ELSEWHERE = {"connectors.test", "connectors.models", "access.signOut", "groups.delete", "access.people.disable"}


def mutations(said: Any) -> Iterator[Any]:
    """The input with one leaf replaced, for each leaf and each hostile value."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield from ({**said, name: changed} for changed in mutations(value))
    elif isinstance(said, list):
        for at, value in enumerate(said[:1]):
            yield from ([*said[:at], changed, *said[at + 1 :]] for changed in mutations(value))
    elif isinstance(said, str):
        yield from TEXTS
    elif isinstance(said, int | float) and not isinstance(said, bool):
        yield from NUMBERS


def hostile(path: str, said: Any) -> Iterator[Any]:
    plain = msgspec.to_builtins(said)
    yield from mutations(plain)
    shape = getattr(PROCEDURES[path].input, "shape", None)
    fields = {field.encode_name for field in msgspec.structs.fields(shape)} if isinstance(shape, type) and issubclass(shape, msgspec.Struct) else set()
    for name in ADDED.keys() & fields - (plain or {}).keys():
        yield from ({**(plain or {}), name: value} for value in TEXTS)


@pytest.mark.timeout(300)
async def test_no_procedure_breaks_on_a_hostile_text_or_number(
    hub: Hub,
    tenant: Tenant,
    serving: Serving,
    named: dict[str, object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken: dict[str, str] = {}
    for path, procedure in PROCEDURES.items():
        if path in ELSEWHERE or procedure.streams:
            continue
        for said in hostile(path, named.get(path)):
            caplog.clear()
            try:
                await attempt(hub, path, tenant.admin, said)
            except HubError as error:
                if known(error).code in (ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.SERVICE_UNAVAILABLE):
                    broken.setdefault(path, f"{str(said)[:200]} -> {error!r}")
                lines = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
                assert len(lines) <= 1, path
                assert not any(secret in line for line in lines for secret in ("[parameters:", "$argon2", tenant.token)), path
            except Exception as error:
                broken.setdefault(path, f"{str(said)[:200]!r} -> {type(error).__name__}: {str(error)[:200]}")
    assert broken == {}
