"""Identifiers sort by time."""

import os
from datetime import UTC, datetime, timedelta

from backend.ids import first_id_at, moment_of, new_id


def test_ids_are_version_7_and_strictly_increase() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert {identifier.version for identifier in ids} == {7}
    assert {identifier.variant for identifier in ids} == {ids[0].variant}


def test_an_id_tells_when_it_was_made_and_bounds_a_range() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=2)
    made = new_id()
    assert before <= moment_of(made) <= datetime.now(UTC) + timedelta(milliseconds=50)
    assert first_id_at(before) < made < first_id_at(datetime.now(UTC) + timedelta(seconds=1))
    assert moment_of(first_id_at(before.replace(microsecond=0))) == before.replace(microsecond=0)


def test_a_range_of_any_moments_has_bounds() -> None:
    first, last = first_id_at(datetime.min.replace(tzinfo=UTC)), first_id_at(datetime.max.replace(tzinfo=UTC))
    assert first == first_id_at(datetime(1970, 1, 1, tzinfo=UTC)) < new_id() < last


def test_a_forked_child_makes_ids_of_its_own() -> None:
    new_id()  # what is fetched ahead is there when the child is made
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, new_id().bytes)
        os._exit(0)
    mine = new_id()
    os.waitpid(child, 0)
    theirs = os.read(reading, 16)
    os.close(reading)
    os.close(writing)
    assert theirs[8:] != mine.bytes[8:]
