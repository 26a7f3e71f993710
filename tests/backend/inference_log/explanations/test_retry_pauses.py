"""How long a version is left alone after a failure."""

from uuid import uuid4

from backend.inference_log.explanations.retry_pauses import Pauses


def test_pauses_grow_to_five_minutes_and_begin_anew_after_a_success() -> None:
    ours, version = Pauses(), uuid4()
    assert [ours.lengthen(version) for _ in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert ours.current() == {version}
    ours.end(version)
    assert ours.current() == frozenset()
    assert ours.lengthen(version) == 5
