"""An archive is verified before its log is dropped."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.archives import parquet
from backend.inference_log.columns import COLUMNS
from backend.inference_log.refs import LogRef
from tests.backend.inference_log.test_retention import ref_of
from tests.support.archives import with_entities
from tests.support.served import Served


@pytest.mark.parametrize("column", ["inputs", "score", "requested_at"])
async def test_an_archive_is_verified_in_every_column(hub: Hub, served: Served, tmp_path: Path, column: str) -> None:
    group = await with_entities(hub, served)
    ref = await ref_of(hub, group)
    path = tmp_path / "week.parquet"
    async with hub.work(ref.actor, read_only=True) as work:
        assert (await parquet.export(work.session, ref.table_name, path)).rows == 3
    assert parquet.describe(path, path.name, ref).rows == 3
    chunk = next(one for at in range(len(COLUMNS)) if (one := pq.read_metadata(path).row_group(0).column(at)).path_in_schema == column)
    written = bytearray(path.read_bytes())
    written[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(written)
    with pytest.raises(parquet.ArchiveUnsound):
        parquet.describe(path, path.name, ref)


def test_rows_that_are_there_twice_or_out_of_order_are_no_archive(served: Served, tmp_path: Path) -> None:
    ids = sorted(str(new_id()) for _ in range(3))
    path = tmp_path / "log.parquet"
    ref = LogRef(served.serving.group.id, served.tenant.admin.tenant_id or new_id(), "g", "t")
    for wrong in ([*ids, ids[-1]], [ids[1], ids[0], ids[2]], [*ids, None]):
        pq.write_table(pa.table({"inference_id": pa.array(wrong, pa.string())}), path)
        with pytest.raises(parquet.ArchiveUnsound):
            parquet.describe(path, path.name, ref)
