"""The end of each tenant's audit chain, noted in the data folder under the hub's secret key. A cut or rewritten chain does not match it.

The database's owner can change every row of the chain and its hashes, but can neither reset nor sign this note.
"""

import logging
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from backend.files import place
from backend.outside import Outside
from backend.work.audit_chain import seal
from schemas.common import Shape

log = logging.getLogger("tiltyard.audit")


class NotedHead(Shape, frozen=True, kw_only=True):
    """The last entry that a process of this data folder has written."""

    seq: int
    hash: str
    mac: str


def note_head(hub: Outside, tenant_id: UUID, seq: int, entry_hash: str) -> None:
    """Note the end of the chain, unless a later one is noted. A full or broken disk costs the note, not the change."""
    path = _path(hub, tenant_id)
    try:
        known = _read(path)
        if known is None or known.seq < seq:
            _write(path, NotedHead(seq=seq, hash=entry_hash, mac=_mac(hub, tenant_id, seq, entry_hash)))
    except OSError as error:
        log.warning("the end of an audit chain could not be noted (%s)", type(error).__name__)


def noted_head(hub: Outside, tenant_id: UUID) -> NotedHead | None:
    """Return the last note; None without one."""
    return _read(_path(hub, tenant_id))


def is_genuine(hub: Outside, tenant_id: UUID, noted: NotedHead) -> bool:
    """Return whether this hub's key signed the note."""
    return noted.mac == _mac(hub, tenant_id, noted.seq, noted.hash)


def _mac(hub: Outside, tenant_id: UUID, seq: int, entry_hash: str) -> str:
    return seal(hub.settings.secret_key or "", "head", tenant_id, seq, entry_hash)


def _path(hub: Outside, tenant_id: UUID) -> Path:
    return hub.settings.data_dir / "audit-heads" / f"{tenant_id}.json"


def _read(path: Path) -> NotedHead | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=NotedHead)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return NotedHead(seq=0, hash="", mac="")


def _write(path: Path, noted: NotedHead) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(noted))
    place(draft, path)
