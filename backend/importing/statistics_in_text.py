"""Statistics in a sentence: `mean 35.2, sd 4.1, min 18`. Each is the one number behind its word."""

import re
from functools import lru_cache
from typing import Final

from backend.importing.numbers_in_text import NUMBER, Amount, amount
from backend.importing.vocabulary import FIELDS

_LONGEST: Final = 200
STATISTICS: Final = ("mean", "std", "min", "max", "median")
_WORDS: Final = {name: "|".join(re.escape(word) for word in sorted(FIELDS[name], key=len, reverse=True) if not word.isdigit()) for name in STATISTICS}
_PATTERNS: Final = {name: re.compile(rf"(?<![\w.])(?:{words})\b\.?\s*(?:=|:|≈|~|is\b|of\b)?\s*{NUMBER}", re.IGNORECASE) for name, words in _WORDS.items()}


@lru_cache(maxsize=4096)
def statistic(written: str, name: str) -> Amount | None:
    """Return a short text's number for a statistic; None if it has none or several."""
    found = list(_PATTERNS[name].finditer(written.replace("_", " "))) if len(written) <= _LONGEST else []
    return amount(found[0][1], found[0][2].rstrip(".,"), found[0][3], bool(found[0][4])) if len(found) == 1 else None


def statistics_in(written: str) -> list[str]:
    """Return the statistics of a text that gives at least two; else none: a sentence that mentions a mean is no list of statistics."""
    found = [name for name in STATISTICS if statistic(written, name) is not None]
    return found if len(found) > 1 else []
