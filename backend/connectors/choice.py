"""Which of a provider's models is asked when nobody named one."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from schemas.connectors import Provider, ProviderModel

_PREFERRED: Final[dict[Provider, tuple[str, ...]]] = {
    Provider.ANTHROPIC: (r"claude-sonnet-", r"claude-.*sonnet", r"claude-haiku-", r"claude-"),
    Provider.GEMINI: (r"(models/)?gemini-[\d.]+-flash$", r"(models/)?gemini-[\d.]+-pro$", r"(models/)?gemini-"),
    Provider.OPENAI: (r"gpt-[\d.]+-mini$", r"gpt-[\d.]+$", r"gpt-\d\w*-mini$", r"gpt-\d\w*$", r"gpt-"),
    Provider.COMPATIBLE: (),
}
"""The likeliest first: good at following a schema, and not the dearest."""
_NOT_FOR_TEXT: Final = re.compile(r"embed|whisper|tts|audio|realtime|image|dall-e|moderation|rerank|transcribe|vision-preview|sora|veo|imagen", re.IGNORECASE)


def preferred(provider: Provider, models: Sequence[ProviderModel], today: date) -> str | None:
    """The model to ask, by the provider's list; of several that fit the one with the highest number. None when none writes text."""
    able = [model for model in models if not _NOT_FOR_TEXT.search(model.id) and not (model.shutdown_date and model.shutdown_date <= today.isoformat())]
    for pattern in _PREFERRED[provider]:
        if fitting := [model.id for model in able if re.match(pattern, model.id)]:
            return max(fitting, key=_numbers)
    return able[0].id if able else None


def _numbers(name: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", name)]
