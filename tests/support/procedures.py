"""Procedures called in the test's own process, through the same pipeline as over HTTP."""

from typing import Any

import msgspec

from backend.actor import Actor
from backend.hub import Hub
from rpc.core.call import Exchange, call
from rpc.core.context import Request
from rpc.core.inputs import Raw
from rpc.host import ProductHost
from rpc.root import root

PROCEDURES = dict(root.procedures())


async def do(hub: Hub, actor: Actor, path: str, said: object = None, raw: Raw = None) -> Any:
    """What the procedure answers, as JSON. `raw` is an input that is no JSON (a form)."""
    given = raw if raw is not None else None if said is None else msgspec.Raw(msgspec.json.encode(said))
    return msgspec.json.decode(await call(Exchange(ProductHost(hub), Request(), actor=actor), PROCEDURES[path], given))
