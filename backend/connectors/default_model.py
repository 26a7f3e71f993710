"""The choice of a provider's model when the caller names none."""

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
"""Preferred models, best first: good at following a schema, and not the most expensive."""
_NOT_FOR_TEXT: Final = re.compile(r"embed|whisper|tts|audio|realtime|image|dall-e|moderation|rerank|transcribe|vision-preview|sora|veo|imagen", re.IGNORECASE)


def preferred(provider: Provider, models: Sequence[ProviderModel], today: date) -> str | None:
    """Return the model to ask from the provider's list; of several matches the one with the highest number. None when no model writes text."""
    able = [model for model in models if _may_be_asked(model, today)]
    for pattern in _PREFERRED[provider]:
        if fitting := [model.id for model in able if re.match(pattern, model.id)]:
            return max(fitting, key=_numbers)
    return able[0].id if able else None


def _may_be_asked(model: ProviderModel, today: date) -> bool:
    """Return whether the model writes text, is still offered, and has a complete name. A name that shares a part with the key is shown masked."""
    gone = model.shutdown_date is not None and model.shutdown_date <= today.isoformat()
    return not gone and not _NOT_FOR_TEXT.search(model.id) and "[…]" not in model.id


def _numbers(name: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", name)]
