"""Uploads of artifacts: bytes are streamed to quarantine, never held whole in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from litestar import Request as HttpRequest
from litestar import Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from backend.access.permissions import P
from backend.catalog import upload
from backend.errors import Forbidden, HubError, Unauthorized
from backend.hub import Hub
from rpc.core import Request
from rpc.core.asgi import BODY_RATE, BODY_SECONDS
from rpc.core.csrf import check_origin
from rpc.core.errors import PayloadTooLarge, TimedOut
from rpc.host import ProductHost
from rpc.plain_json import failure, success
from schemas.catalog import Version, VersionRef


@post("/v1/versions/{version_id:uuid}/artifact", status_code=200)
async def upload_artifact(request: HttpRequest[Any, Any, State], version_id: FromPath[UUID], state: State) -> Response[bytes]:
    """Upload a version's artifact as the request's body (`application/octet-stream`): LightGBM text or ONNX. Returns the ready Version."""
    host: ProductHost = state.host
    head = Request(method="POST", headers={name.lower(): value for name, value in request.headers.items()})
    try:
        check_origin(head)
        actor = await host.authenticate(head)
        if not actor.may(P.SIGNED_IN):
            raise Unauthorized
        if not actor.may(P.CATALOG_MODEL_WRITE):
            raise Forbidden(f"this needs the permission `{P.CATALOG_MODEL_WRITE}`", permission=P.CATALOG_MODEL_WRITE)
        async with host.work(actor, read_only=True) as work:
            await upload.expect(work, VersionRef(version_id=version_id))
        return success(await _receive(host.hub, request, actor, VersionRef(version_id=version_id)))
    except HubError as error:
        return failure(error, head.id)


async def _receive(hub: Hub, request: HttpRequest[Any, Any, State], actor: Any, ref: VersionRef) -> Version:
    limit = hub.settings.max_artifact_bytes
    too_large = f"The artifact is larger than {limit:,} bytes, this hub's limit. Train a smaller model, or raise TILTYARD_MAX_ARTIFACT_BYTES."
    async with quarantined(hub, request, limit, too_large) as path:
        return await upload.admit(hub, actor, ref, path)


@asynccontextmanager
async def quarantined(hub: Hub, request: HttpRequest[Any, Any, State], limit: int, too_large: str) -> AsyncIterator[Path]:
    """Stream the body into a file in quarantine, which is gone afterwards. Raises PayloadTooLarge (before the body, if its size is announced), TimedOut."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        raise PayloadTooLarge(too_large, limit=limit)
    folder = hub.data_dir / "quarantine"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, size = folder / uuid4().hex, 0
    try:
        began = asyncio.get_running_loop().time()
        with path.open("wb") as file:
            async with asyncio.timeout_at(began + BODY_SECONDS) as patience:
                async for chunk in request.stream():
                    size += len(chunk)
                    patience.reschedule(began + BODY_SECONDS + size / BODY_RATE)
                    if size > limit:
                        raise PayloadTooLarge(too_large, limit=limit)
                    file.write(chunk)
        yield path
    except TimeoutError:
        raise TimedOut(
            f"The file arrives too slowly: {size:,} bytes so far, at less than {BODY_RATE // 1024} KiB per second. Upload it over a faster connection."
        ) from None
    finally:
        path.unlink(missing_ok=True)
