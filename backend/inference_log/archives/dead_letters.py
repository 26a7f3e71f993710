"""Dead letters of a deleted group: lines of JSON beside its archived log."""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from backend.files import FileLost
from backend.inference_log.dead_letters import Letter, record_of
from backend.ports import Files

NAME = "dead-letters.jsonl"


def keep(files: Files, folder: str, letters: Sequence[Letter]) -> int:
    """Add letters to the stored ones, each once. Return the number stored."""
    lines = _lines(files, folder)
    there = {msgspec.json.decode(line)["entry_id"] for line in lines}
    new = [_line(letter) for letter in letters if letter.entry_id not in there]
    if new:
        _write(files, folder, [*lines, *new])
    return len(lines) + len(new)


def forget(files: Files, folder: str, entity_key: str) -> int:
    """Remove an entity's letters. Return their number."""
    lines = _lines(files, folder)
    others = [line for line in lines if not _is_of(line, entity_key)]
    if len(others) < len(lines):
        _write(files, folder, others)
    return len(lines) - len(others)


def _is_of(line: bytes, entity_key: str) -> bool:
    record: Any = msgspec.json.decode(line)["record"]
    return record is not None and record["entity_key"] == entity_key


def _line(letter: Letter) -> bytes:
    record = record_of(letter)
    said = {
        "entry_id": letter.entry_id,
        "at": letter.at,
        "reason": letter.error,
        "record": msgspec.structs.asdict(record) if record else None,
        "raw": base64.b64encode(letter.record).decode(),
    }
    return msgspec.json.encode(said)


def _lines(files: Files, folder: str) -> list[bytes]:
    try:
        return files.read(f"{folder}/{NAME}").splitlines()
    except FileLost:
        return []


def _write(files: Files, folder: str, lines: Iterable[bytes]) -> None:
    files.write(f"{folder}/{NAME}", b"".join(line + b"\n" for line in lines))
