"""A secret takes itself out of texts."""

import base64

import pytest

from backend.ports.secrets import Secret
from tests.backend.connectors.conftest import KEY


@pytest.mark.parametrize("said", [KEY, KEY.upper(), f"key={KEY}!", KEY[3:15], KEY[::-1], base64.b64encode(f"Bearer {KEY}".encode()).decode()])
def test_a_text_that_repeats_a_key_in_whole_or_in_part_is_blotted(said: str) -> None:
    shown = Secret(KEY).redact(f"before {said} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert not [at for at in range(len(KEY) - 5) if KEY[at : at + 6].lower() in shown.lower()]


def test_a_text_without_the_key_stays_as_it_is() -> None:
    assert Secret(KEY).redact("Rate limit reached for gpt-test.") == "Rate limit reached for gpt-test."
    assert Secret("none").redact("there is none") == "there is none"
