"""Removes what is past its time: uploads that nobody sealed, snapshots and appended rows past their dataset's retention."""

import asyncio
from datetime import timedelta

from backend.actor import Actor
from backend.datasets import actions, repository
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.snapshot_files import snapshot_name, upload_name
from backend.hub import Hub
from schemas.datasets import SnapshotState


async def keep_datasets(hub: Hub, actor: Actor, later: timedelta = timedelta()) -> None:
    """Remove a tenant's files that have expired, or will have after `later`. A snapshot keeps its row with hash and count; a legal hold keeps everything."""
    gone: list[str] = []
    async with hub.work(actor) as work:
        now = work.now + later
        for upload in await repository.expired_uploads(work.session, work.tenant_id, now):
            await repository.remove_upload(work.session, work.tenant_id, upload.id)
            gone.append(upload_name(upload.id))
        for snapshot, dataset in await repository.ready_before(work.session, work.tenant_id, now):
            gone.append(snapshot_name(snapshot.id, str(snapshot.file_sha256)))
            snapshot.state, snapshot.file_sha256 = SnapshotState.EXPIRED, None
            snapshot.quality = snapshot.preview = None
            what = {"snapshot": snapshot.number, "rows": snapshot.rows, "content_hash": snapshot.content_hash}
            work.audit(actions.DATASETS_RETENTION, f"dataset:{dataset.slug}", before=what)
            work.live(DATASET_CHANGED, dataset.slug)
        await repository.remove_rows_before(work.session, work.tenant_id, now)
    for name in gone:
        await asyncio.to_thread(hub.files.delete, name)
