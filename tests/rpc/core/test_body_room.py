"""Large bodies: so many bytes at once in a process, and so many of one organisation."""

import pytest

from rpc.core.body_room import SMALL_BYTES, BodiesBusy, BodyRoom

MB = 1 << 20


def test_one_may_not_take_the_room_of_all_and_what_is_over_gives_it_back() -> None:
    room = BodyRoom(most=10 * MB, most_of_one=6 * MB)
    with room.lease(lambda: "a") as first, room.lease(lambda: "a") as second, room.lease(lambda: "b") as other:
        for size in (1 * MB, 2 * MB, 4 * MB):
            first(size)
        second(2 * MB)
        with pytest.raises(BodiesBusy) as refused:
            second(3 * MB)
        assert refused.value.data == {"retryAfter": 2}
        other(4 * MB)
        with room.lease(lambda: "c") as third:
            third(SMALL_BYTES)
            third(2 * MB)
            with pytest.raises(BodiesBusy):
                third(3 * MB)
    with room.lease(lambda: "c") as later:
        later(6 * MB)


def test_a_body_alone_is_taken_whatever_its_size() -> None:
    room = BodyRoom(most=10 * MB, most_of_one=6 * MB)
    with room.lease(lambda: None) as only:
        only(40 * MB)
