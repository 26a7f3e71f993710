"""The storage of files, as `tiltyard doctor` and the procedures tell of it: there, and away."""

import dataclasses
from pathlib import Path

import pytest

from backend.adapters.object_files import ObjectFiles
from backend.bootstrap import ServingHub
from backend.catalog.upload import admit
from backend.files import FilesAway
from backend.hub import Hub
from rpc.commands.doctor import storage
from rpc.endpoints import endpoints
from schemas.catalog import VersionRef
from tests.support.credit import document, lightgbm_text
from tests.support.infrastructure.object_storage import bucket
from tests.support.procedures import PROCEDURES, do
from tests.support.served import Served
from tests.support.tenants import Tenant


async def test_doctor_tells_storage_that_answers_from_storage_that_is_away(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await storage(hub)
    assert (found.level, found.found) == ("ok", "artifacts and archives are in the data folder, which answers.")
    with bucket() as url:
        there = await storage(_with_files(hub, url, tmp_path / "a"))
        assert (there.level, there.subject) == ("ok", "Files")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        away = await storage(_with_files(hub, url, tmp_path / "b"))
    assert (away.level, away.subject) == ("WRONG", "Files")
    assert "Check TILTYARD_FILES_URL" in away.found


async def test_what_needs_the_storage_declares_that_it_may_be_away(
    hub: Hub, tenant: Tenant, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await served.group(hub)
    model = await do(hub, tenant.admin, "models.create", {"name": "Credit", "slug": "credit"})
    version = await do(hub, tenant.admin, "models.createVersion", {"model": model["slug"], "version": "1.0.0", "document": document()})
    (artifact := tmp_path / "upload").write_bytes(lightgbm_text())
    with bucket() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        away = _with_files(hub, url, tmp_path / "c")
        with pytest.raises(FilesAway):
            await do(away, served.tenant.admin, "inference.eraseEntity", {"slug": group.slug, "entity_key": "x", "confirm": "x", "reason": "asked"})
        with pytest.raises(FilesAway):
            await admit(away, tenant.admin, VersionRef(version_id=version["id"]), artifact)
    for name in ("inference.eraseEntity", "models.createExternalVersion"):
        assert FilesAway in PROCEDURES[name].errors
    assert FilesAway in next(one.errors for one in endpoints if one.name == "uploadArtifact")


def _with_files(hub: Hub, url: str, cache: Path) -> Hub:
    assert isinstance(hub, ServingHub)
    return dataclasses.replace(hub, files=ObjectFiles(url, cache))
