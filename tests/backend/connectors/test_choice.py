"""Which model is asked when nobody named one."""

from datetime import date

import pytest

from backend.connectors.default_model import preferred
from schemas.connectors import Provider, ProviderModel

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("provider", "offered", "chosen"),
    [
        (Provider.OPENAI, ["gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "text-embedding-3-large", "whisper-1", "gpt-5-mini-tts"], "gpt-5-mini"),
        (Provider.OPENAI, ["gpt-4o", "gpt-4o-mini", "dall-e-3"], "gpt-4o-mini"),
        (Provider.ANTHROPIC, ["claude-opus-4-1", "claude-sonnet-4-5", "claude-sonnet-4-0", "claude-haiku-4-5"], "claude-sonnet-4-5"),
        (Provider.GEMINI, ["models/gemini-2.0-flash", "models/gemini-2.5-flash", "models/gemini-2.5-pro", "models/embedding-001"], "models/gemini-2.5-flash"),
        (Provider.COMPATIBLE, ["bge-embed", "llama-3", "qwen"], "llama-3"),
        (Provider.COMPATIBLE, ["[…]-community/llama", "qwen"], "qwen"),
        (Provider.COMPATIBLE, ["bge-embed"], None),
    ],
)
def test_one_that_writes_text_and_follows_a_schema_well_is_chosen(provider: Provider, offered: list[str], chosen: str | None) -> None:
    assert preferred(provider, [ProviderModel(id=name) for name in offered], TODAY) == chosen


def test_a_model_that_is_shut_down_is_not_asked() -> None:
    models = [ProviderModel(id="gpt-5-mini", shutdown_date="2026-11-20"), ProviderModel(id="gpt-4o-mini", shutdown_date="2027-01-01")]
    assert preferred(Provider.OPENAI, models, TODAY) == "gpt-4o-mini"
