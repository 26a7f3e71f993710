"""Datasets over plain HTTP: files for an upload, rows for a decision log."""

from typing import Any

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from backend.access.permissions import P
from backend.actor import Actor
from backend.datasets import rows, uploads
from backend.errors import Forbidden, HubError, Unauthorized
from rpc.bodies import decode
from rpc.core import Request
from rpc.core.csrf import check_origin
from rpc.host import ProductHost
from rpc.plain_json import failure, success
from rpc.uploads import quarantined
from schemas.datasets import AppendBody, AppendRows, Upload

_body = msgspec.json.Decoder(AppendBody)
NAME = 200


@post("/v1/datasets/{slug:str}/files", status_code=200, request_max_body_size=None)
async def upload_dataset_file(request: HttpRequest[Any, Any, State], slug: FromPath[str], state: State) -> Response[bytes]:
    """Upload a file as the request's body; `name` in the query is its name. Returns the Upload, which waits for `datasets.sealUpload`."""
    host: ProductHost = state.host
    head = _head(request)
    try:
        actor = await _allowed(host, head, P.DATASET_DATASET_WRITE)
        async with host.work(actor, read_only=True) as work:
            await uploads.expect(work, slug)
        return success(await _receive(host, request, actor, slug))
    except HubError as error:
        return failure(error, head.id)


@post("/v1/datasets/{slug:str}/rows", status_code=200, request_max_body_size=None)
async def append_dataset_rows(request: HttpRequest[Any, Any, State], slug: FromPath[str], state: State) -> Response[bytes]:
    """Append rows to a decision log. Returns the AppendReceipt."""
    host: ProductHost = state.host
    head = _head(request)
    try:
        actor = await _allowed(host, head, P.DATASET_ROW_APPEND)
        limit = host.hub.settings.max_rpc_bytes
        too_large = f"The body is larger than {limit:,} bytes, the limit of one request. Send fewer rows at a time."
        async with quarantined(host.hub, request, limit, too_large) as path:
            body = decode(_body, path.read_bytes())
        async with host.work(actor, read_only=False) as work:
            return success(await rows.append(work, AppendRows(slug=slug, rows=body.rows)))
    except HubError as error:
        return failure(error, head.id)


async def _receive(host: ProductHost, request: HttpRequest[Any, Any, State], actor: Actor, slug: str) -> Upload:
    limit = host.hub.settings.max_dataset_bytes
    too_large = f"The file is larger than {limit:,} bytes, this hub's limit. Upload a part of it, or raise TILTYARD_MAX_DATASET_BYTES."
    name = (request.query_params.get("name") or "upload")[-NAME:]
    if not name.isprintable():
        name = "upload"
    async with quarantined(host.hub, request, limit, too_large) as path:
        return await uploads.admit(host.hub, actor, slug, name, path)


def _head(request: HttpRequest[Any, Any, State]) -> Request:
    return Request(method="POST", headers={name.lower(): value for name, value in request.headers.items()})


async def _allowed(host: ProductHost, head: Request, permission: P) -> Actor:
    """Return the caller. Raises Unauthorized, Forbidden."""
    check_origin(head)
    actor = await host.authenticate(head)
    if not actor.may(P.SIGNED_IN):
        raise Unauthorized
    if not actor.may(permission):
        raise Forbidden(f"this needs the permission `{permission}`", permission=permission)
    return actor
