"""Numbers as people write them: `1,234.5`, `1.234,56`, `12'500`, `0,875`, `83.1 %`, `12,500 customers`. The hub never guesses between two readings."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

import msgspec

from schemas.common import Json

Reading = Literal["thousands", "decimal", "as_written", "percent"]
_LONGEST: Final = 60
_SIGN: Final = r"[-+\u2212]?"
_GROUPS: Final = r"[ '\u2019\u00a0\u202f_]"
_BODY: Final = rf"(?:\d{{1,3}}(?:{_GROUPS}\d{{3}})+(?:[.,]\d{{1,18}})?|\d[\d.,]{{0,40}}|[.,]\d{{1,30}})"
_WHOLE: Final = re.compile(rf"\s*({_SIGN})({_BODY})([eE][-+]?\d{{1,3}})?\s*(%?)\s*")
_TOKEN: Final = re.compile(rf"(?<![\w.,/\-])({_SIGN})({_BODY.replace(' ', '')})([eE][-+]?\d{{1,3}})?(\s?%)?(?![\w%])")
NUMBER: Final = rf"({_SIGN})({_BODY.replace(' ', '')})([eE][-+]?\d{{1,3}})?(\s?%)?(?![\w%]|[ \u00a0\u202f]\d)"
"""A number within a text: sign, body, exponent, per cent sign; `amount` reads them."""
_PLAIN_NUMBER: Final = re.compile(r"\d{1,18}(?:\.\d{0,30})?|\.\d{1,30}")
_COMMA_GROUPS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_DOT_GROUPS: Final = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DECIMAL_COMMA: Final = re.compile(r"\d{0,18},\d{1,30}")
_ENGLISH: Final = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{1,30}")
_CONTINENTAL: Final = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,30}")
_NAMES: Final = re.compile(r"\b(?:[fFrR][ -]?[0-9]|[rR]²|p\d\d|top[ -]?\d{1,2}|AUC\d{2}|CO2)\b")
_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|(?:±|\+/-).*$")
_HEDGED: Final = re.compile(
    r"[<>≤≥]|\b(?:not|no|at least|at most|minimum|maximum|min|max|over|under|above|below|more|less|than|target|goal|required|expected|baseline|vs|versus"
    r"|or|to|and|between|if|million|millions|thousand|thousands|billion|k|m|bn|from|was|previously|instead|per)\b",
    re.IGNORECASE,
)


class Amount(msgspec.Struct, frozen=True):
    """A number from a text. `other` is its second reading, if it has one: `value` reads the comma as thousands, `other` as the decimal sign."""

    value: Decimal
    percent: bool = False
    whole: bool = False
    other: Decimal | None = None


@lru_cache(maxsize=4096)
def read(written: str) -> Amount | None:
    """Return the number of a text that is nothing else, or None."""
    found = _WHOLE.fullmatch(written) if len(written) < _LONGEST else None
    return amount(found[1], found[2], found[3], bool(found[4])) if found else None


@lru_cache(maxsize=4096)
def read_in_words(written: str) -> Amount | None:
    """Return the one number of a short text (`12,500 customers`, `PR-AUC = 0.41 (strong)`), or None: for several, for bounds and comparisons, for `12k`."""
    if (alone := read(written)) is not None:
        return alone
    if len(written) > 160 or "\n" in written:
        return None
    if _REFERENCE.search(written):
        return None
    plain = _NAMES.sub("_", _ASIDE.sub(" ", written))
    tokens = list(_TOKEN.finditer(plain))
    if len(tokens) != 1 or _HEDGED.search(plain):
        return None
    (found,) = tokens
    if re.search(r"\d", plain[: found.start()] + plain[found.end() :]):
        return None
    return amount(found[1], found[2].rstrip(".,"), found[3], bool(found[4]))


_REFERENCE: Final = re.compile(
    r"\(\s*(?:the\s)?(?:target|goal|required|baseline|previous|expected|benchmark|reference|old|planned|assumed|minimum|maximum|threshold|limit)[^()\d]*\)",
    re.IGNORECASE,
)
"""Words in brackets that mark a number as no result: a goal, a baseline, an earlier value."""
_SMALL_WORDS: Final = r"(?:on|in|at|from|for|of|the|our|a|set|data)"


@lru_cache(maxsize=4096)
def beside_number(written: str) -> tuple[str, ...]:
    """Return the words in brackets or behind the number of a short text, the most specific first: `0.84 (test)` -> `test`."""
    if len(written) > 160 or (found := re.search(r"(?:\d|[.,]\d)[\d.,]*\s*%?(.*)$", written)) is None:
        return ()
    inside = re.findall(r"[(\[]([^()\[\]\d]{1,40})[)\]]", written)
    behind = re.sub(rf"^\W*(?:{_SMALL_WORDS}\b\W*)*", "", _ASIDE.sub(" ", found[1]).strip(), flags=re.IGNORECASE)
    return tuple(one.strip(" .,;") for one in (*inside, behind) if one.strip(" .,;"))


_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_UNITS: Final = re.compile(
    r"(?:[kmgt]i?b|bytes?|seconds?|secs?|ms|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|quarters?|years?|columns?|cols|features?|variables?|fields"
    r"|tables?|files?"
    r"|folds?|trees?|epochs?|iterations?|rounds?|models?|countries|stores|markets|eur|usd|gbp|chf|euros?|dollars?|campaigns?|edition|release|percent|per cent|x"
    r")\b",
    re.IGNORECASE,
)
_BEFORE_COUNT: Final = re.compile(
    r"\W*(?:(?:about|approx|approximately|around|roughly|circa|ca|some|total|in|all|of|n|size|rows|records|samples|observations|trained|fitted|evaluated|tested|on"
    r"|env|ungefahr|etwa|rund|environ|aproximadamente|circa|ongeveer|okolo|ungefär)\b\W*)*",
    re.IGNORECASE,
)


def is_count(written: str) -> bool:
    """Return whether the one number of a short text may count rows. A year, a size in bytes, a span of time and the number of a campaign may not."""
    if read(written) is not None:
        return True
    found = _TOKEN.search(_ASIDE.sub(" ", written))
    if found is None:
        return False
    plain = _ASIDE.sub(" ", written)
    behind = plain[found.end() :].strip()
    return (
        _BEFORE_COUNT.fullmatch(plain[: found.start()]) is not None
        and _UNITS.match(behind) is None
        and (_YEAR.fullmatch(found[2]) is None or bool(behind and _COUNTED.match(behind)))
    )


_COUNTED: Final = re.compile(
    r"(?:rows?|records?|samples?|observations?|customers?|cases|clients|patients|accounts|loans|examples|images|documents|transactions)\b", re.IGNORECASE
)


_GROUPED: Final = re.compile(r"\d[ \u00a0\u202f]\d")
"""Two numbers, or one in groups: neither is quoted."""


def numbers_in(written: str) -> list[float]:
    """Return every number of a text that has only one reading; percentages as fractions."""
    alone = (one for one in _TOKEN.finditer(written[:10_000]) if not _GROUPED.search(written[max(0, one.start() - 2) : one.end() + 2], 0))
    found = (amount(one[1], one[2].rstrip(".,"), one[3], bool(one[4])) for one in alone)
    return [float(one.value / 100 if one.percent else one.value) for one in found if one is not None and one.other is None]


def before_number(written: str) -> str:
    """Return the words before the number of a short text: `PR-AUC = 0.41 (strong)` -> `PR-AUC`."""
    found = re.match(rf"\s*([^\W\d][\w \-/@²&()]{{0,60}}?)\s*(?:=|:|\bis\b|\bof\b|≈|~|\s)\s*{_SIGN}(?:\d|[.,]\d)", written)
    return found[1].strip() if found else ""


def amount(sign: str, body: str, exponent: str | None, percent: bool) -> Amount | None:
    """Return the number of this match, or None if it is not a number."""
    plain = re.sub(_GROUPS, "", body)
    grouped, minus = plain != body, -1 if sign in ("-", "\u2212") else 1

    def made(digits: str, whole: bool = False, other: str | None = None) -> Amount:
        power = exponent or ""
        return Amount(minus * Decimal(digits + power), percent, whole and not power, None if other is None else minus * Decimal(other + power))

    if _PLAIN_NUMBER.fullmatch(plain):
        return made(plain, "." not in plain)
    if _ENGLISH.fullmatch(plain):
        return made(plain.replace(",", ""))
    if _CONTINENTAL.fullmatch(plain):
        return made(plain.replace(".", "").replace(",", "."))
    if _DOT_GROUPS.fullmatch(plain):
        return made(plain.replace(".", ""), True)
    if _COMMA_GROUPS.fullmatch(plain) and not plain.startswith("0") and not grouped:
        together = plain.replace(",", "")
        return made(together, True, plain.replace(",", ".") if plain.count(",") == 1 and not exponent else None)
    return made(plain.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(plain) else None


def has_decimal_comma(value: Json) -> bool:
    """Return whether the only reading of a text is a number with a decimal comma."""
    return isinstance(value, str) and "," in value and (found := read(value)) is not None and found.other is None and not found.whole and not _is_english(value)


def _is_english(written: str) -> bool:
    return written.rfind(".") > written.rfind(",")


def looks_grouped_by_dot(written: str) -> bool:
    """Return whether a point may group thousands: `1.234` is 1234 in a file with decimal commas."""
    return re.fullmatch(rf"\s*{_SIGN}[1-9]\d{{0,2}}\.\d{{3}}\s*%?\s*", written) is not None


def as_json(found: Decimal, whole: bool) -> int | float:
    """Return the number as JSON writes it."""
    return int(found) if whole else float(found)
