"""Dates as files write them. A date must exist in the calendar: 2025-13-45 is none."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d{2}:?\d{2}| ?UTC)?)?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T_\- ]?(\d{2})[:h]?(\d{2})[:m]?(\d{2})?(Z)?)?")
_OTHER: Final = re.compile(r"(\d{4})[-/._](\d{2})[-/._](\d{2})(?:[@T_\- ]+(\d{2})[:.\-h](\d{2})(?:[:.\-m](\d{2}))?\s?(Z|UTC)?)?")


@lru_cache(maxsize=1024)
def moment(written: str) -> str | None:
    """Return a date in ISO 8601, unchanged if it is so already (`20250114_081530` -> `2025-01-14T08:15:30`); None if the text is no date."""
    plain = written.strip()
    if found := _ISO.fullmatch(plain):
        return written if _is_real(*found.groups()) else None
    found = _COMPACT.fullmatch(plain) or _OTHER.fullmatch(plain)
    if found is None or not _is_real(*found.groups()[:6]):
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}{'Z' if zone else ''}" if hour else "")


def _is_real(year: str, month: str, day: str, hour: str | None = None, minute: str | None = None, second: str | None = None) -> bool:
    try:
        return 1900 < datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59), tzinfo=UTC).year < 2200
    except ValueError:
        return False
