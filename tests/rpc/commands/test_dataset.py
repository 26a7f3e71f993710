"""`tiltyard dataset`: a file becomes a snapshot at the command line."""

from pathlib import Path

from backend.hub import Hub
from schemas.datasets import SnapshotState
from tests.rpc.commands.test_acting import Tool
from tests.rpc.commands.test_acting import tiltyard as tiltyard
from tests.support.datasets import newest, prepared
from tests.support.tenants import Tenant


async def test_a_file_is_uploaded_sealed_described_and_erased(hub: Hub, tenant: Tenant, tiltyard: Tool, tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    file.write_text("client,amount,bad\n" + "".join(f'c{at % 20},"{at},5",{at % 2}\n' for at in range(100)))
    created = await tiltyard("dataset", "create", "loans", "--name", "Loans")
    assert created.exit_code == 0, created.output
    uploaded = await tiltyard("dataset", "upload", "loans", str(file))
    assert "decimal mark or the thousands separator?" in uploaded.stdout, uploaded.output
    upload_id = uploaded.stdout.split()[0]
    unclear = await tiltyard("dataset", "seal", upload_id, "--no-wait")
    assert unclear.exit_code != 0
    given = ["--column", "amount=number:feature:decimal_comma", "--column", "client=text:entity", "--column", "bad=integer:target"]
    asked = await tiltyard("dataset", "seal", upload_id, "--no-wait", *given)
    assert asked.exit_code == 0, asked.output
    snapshot = await prepared(hub, tenant.admin, await newest(hub, tenant.admin, "loans"))
    assert snapshot.state is SnapshotState.READY, snapshot.message
    assert str(snapshot.content_hash) in (await tiltyard("dataset", "snapshots", "loans")).stdout
    assert "100 rows, 0 repeated" in (await tiltyard("dataset", "quality", str(snapshot.id))).stdout
    erased = await tiltyard("dataset", "erase", "loans", "--entity", "c7", "--reason", "asked", "--yes")
    assert erased.stdout.startswith("5 rows of 1 snapshots"), erased.output
    assert "95 rows" in (await tiltyard("dataset", "list")).stdout
