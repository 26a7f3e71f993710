"""Dead letters: entries of a group's intake that could not be stored. Lists them with their reason, replays or discards them."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from backend.groups import log_policy
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.inference_log import actions
from backend.inference_log.errors import IntakeAway
from backend.inference_log.record import FIELD, Record, decode
from backend.inference_log.redis.keys import dead_key, stream_key
from backend.outside import Outside
from backend.work.unit import UnitOfWork
from schemas.common import Json
from schemas.groups import GroupRef
from schemas.log import DeadLetter, DeadLetters, DiscardDeadLetters, LettersMoved, ListDeadLetters, ReplayDeadLetters

MOST_BYTES = 4096
"""Characters shown of an unreadable entry."""
AGAIN = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('XADD', KEYS[2], '*', ARGV[2], ARGV[3]) return 1 end return 0"
"""Moves an entry from the dead letters to the stream in one step, once for concurrent callers."""


class Letter(NamedTuple):
    """A dead letter as stored."""

    raw: bytes
    entry_id: str
    at: datetime
    error: str
    record: bytes


async def list_letters(work: UnitOfWork, input: ListDeadLetters) -> DeadLetters:
    """Return the letters, oldest first. Raises GroupNotFound, IntakeAway."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    letters = await read(work.hub, group.id)
    work.audit_read(actions.INFERENCE_DEAD_LETTERS, f"group:{group.slug}")
    return DeadLetters(total=len(letters), letters=[_shown(letter) for letter in letters[: input.limit]])


async def replay(work: UnitOfWork, input: ReplayDeadLetters) -> LettersMoved:
    """Return some or all letters to the intake. A row that is already in the log stays single. Raises GroupNotFound, IntakeAway."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    chosen = _chosen(await read(work.hub, group.id), input.entry_ids)
    try:
        moved = [await _again(work.hub, group.id, letter) for letter in chosen]
        await work.hub.queue.drain(group.id)
    except (RedisError, OSError):
        raise IntakeAway from None
    work.audit(actions.INFERENCE_REPLAY_DEAD_LETTERS, f"group:{group.slug}", after={"replayed": sum(moved), "entry_ids": [one.entry_id for one in chosen]})
    work.live(GROUP_CHANGED, group.slug)
    return LettersMoved(moved=sum(moved))


async def discard(work: UnitOfWork, input: DiscardDeadLetters) -> LettersMoved:
    """Discard letters for a reason; the audit log describes them. Raises GroupNotFound, LegalHold, IntakeAway."""
    group_id = await log_policy.unheld(work, input.slug)
    chosen = _chosen(await read(work.hub, group_id), input.entry_ids)
    said = [{"entry_id": one.entry_id, "error": one.error, "inference_id": _inference_id(one)} for one in chosen]
    work.audit(actions.INFERENCE_DISCARD_DEAD_LETTERS, f"group:{input.slug}", before=said, after={"discarded": len(chosen), "reason": input.reason})
    work.live(GROUP_CHANGED, input.slug)
    work.after_commit(lambda: remove(work.hub, group_id, chosen))
    return LettersMoved(moved=len(chosen))


async def read(hub: Outside, group_id: UUID) -> list[Letter]:
    """Return a group's letters, oldest first. Raises IntakeAway."""
    try:
        kept: list[bytes] = await hub.redis.lrange(dead_key(group_id), 0, -1)  # type: ignore[misc]  # redis types it for both its clients at once
    except (RedisError, OSError):
        raise IntakeAway from None
    return [_letter(raw) for raw in kept]


async def remove(hub: Outside, group_id: UUID, letters: Sequence[Letter]) -> None:
    """Remove letters from the list."""
    async with hub.redis.pipeline(transaction=True) as pipe:
        for letter in letters:
            pipe.lrem(dead_key(group_id), 1, letter.raw)  # type: ignore[arg-type]  # bytes it takes as well
        await pipe.execute()


def record_of(letter: Letter) -> Record | None:
    """Return the record in the bytes, if they hold one."""
    try:
        return decode(letter.record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _again(hub: Outside, group_id: UUID, letter: Letter) -> int:
    moved: Any = await hub.redis.eval(AGAIN, 2, dead_key(group_id), stream_key(group_id), letter.raw, FIELD, letter.record)  # type: ignore[misc, arg-type]
    return int(moved)


def _letter(raw: bytes) -> Letter:
    said = msgspec.msgpack.decode(raw)
    at = said["at"] if isinstance(said["at"], datetime) else datetime.fromisoformat(said["at"])
    return Letter(raw, said["id"], at.astimezone(UTC), said["error"], said["record"])


def _chosen(letters: Sequence[Letter], entry_ids: Sequence[str] | None) -> list[Letter]:
    return [letter for letter in letters if entry_ids is None or letter.entry_id in entry_ids]


def _shown(letter: Letter) -> DeadLetter:
    record = record_of(letter)
    shown: Json = msgspec.to_builtins(msgspec.structs.asdict(record)) if record else None
    raw = None if record else base64.b64encode(letter.record[:MOST_BYTES]).decode()
    return DeadLetter(entry_id=letter.entry_id, at=letter.at, reason=letter.error, size_bytes=len(letter.record), record=shown, raw=raw)


def _inference_id(letter: Letter) -> str | None:
    record = record_of(letter)
    return str(record.inference_id) if record else None
