"""Our own functions called in a limited process: the same results and refusals, none of its memory, and an end at its limits."""

import threading
import time

import pytest

from backend.errors import HubError
from backend.importing import reading_steps
from backend.importing.errors import TooManyLeaves
from backend.importing.preview import read
from backend.limited_child import named
from backend.limited_process import BASE_BYTES, ChildEnded, LimitedProcess

MODULES = [reading_steps.__name__]
DOCUMENT = b'{"model_name": "m", "auc": 0.8, "features": ["age", "income"]}'


def test_what_is_kept_there_answers_call_after_call_as_it_would_here() -> None:
    here = read(DOCUMENT)
    with LimitedProcess(MODULES, 0) as child:
        child.keep(reading_steps.read_content, DOCUMENT, None)
        assert child.ask(reading_steps.facts) == reading_steps.facts(here)
        state = child.ask(reading_steps.understand_alone, len(DOCUMENT), None, None)
        assert state == reading_steps.understand_alone(here, len(DOCUMENT), None, None)
        assert child.ask(reading_steps.shown_file, state, "m.json") == reading_steps.shown_file(here, state, "m.json")


def test_a_refusal_is_the_same_and_ends_nothing() -> None:
    wide = b"[" + b"1," * 100_001 + b"1]"
    with LimitedProcess(MODULES, 0) as child:
        with pytest.raises(TooManyLeaves) as there:
            child.keep(reading_steps.read_content, wide, None)
        with pytest.raises(HubError) as here:
            read(wide)
        assert there.value.message == here.value.message
        child.keep(reading_steps.read_content, DOCUMENT, None)
        assert child.ask(reading_steps.facts).several == []


def test_it_ends_at_its_limits_and_says_so() -> None:
    deep = b"[" + b'{"a":[[[1]]]},' * 60_000 + b"1]"
    with LimitedProcess(MODULES, (128 << 20) - BASE_BYTES) as child, pytest.raises(ChildEnded):
        child.keep(reading_steps.read_content, deep + b" " * (40 << 20), None)


def test_who_waits_for_a_process_that_is_closed_does_not_wait_on() -> None:
    slow = b"[" + b'{"a":[[[1]]]},' * 30_000 + b"1]"
    child, ended = LimitedProcess(MODULES, 1 << 30), list[bool]()

    def ask() -> None:
        try:
            while True:
                child.keep(reading_steps.read_content, slow, None)
        except ChildEnded:
            ended.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.5)
    child.close()
    thread.join(30)
    assert ended == [True]


@pytest.mark.parametrize("name", ["os:system", "subprocess:run", "builtins:eval"])
def test_only_functions_of_the_product_are_called(name: str) -> None:
    with pytest.raises(ValueError, match="no function of the product"):
        named(name)
