"""What holds of every preview, whatever the file: among others that each value can be made again from the words at its source by its transform."""

import json
import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.importing import validate
from backend.importing.pointers import MISSING, leaves, resolve, steps, text
from backend.importing.statistics_in_text import STATISTICS
from backend.importing.transforms import TRANSFORMS
from schemas.importing import ImportPreview

KEYS = ("key", "const")


def hold(preview: ImportPreview, tree: Any) -> None:
    """Valid; each leaf has a source in the file and is that value in the document's notation; what is not used is listed."""
    every = {text(path) for path, _ in leaves(tree)}
    unmapped = set(preview.unmapped)
    assert unmapped <= every
    json.dumps(preview.provenance, ensure_ascii=False).encode()
    if preview.document is None:
        assert unmapped == every
        return
    assert validate.issues(preview.document) == []
    found = {text(path): value for path, value in leaves(preview.document) if path != ("schema_version",)}
    assert set(found) == set(preview.provenance)
    for target, value in found.items():
        _is_from(tree, preview.provenance[target], value, preview.transforms.get(target))
    assert not unmapped & set(preview.provenance.values())


def readings(written: str) -> list[Decimal]:
    """Every number that a text may hold, whatever its commas and points are taken for."""
    found = []
    for token in re.findall(r"[-+\u2212]?(?:\d|[.,]\d)[\d.,' \u2019\u00a0\u202f_]*(?:[eE][-+]?\d+)?", written):
        plain = re.sub(r"[' \u2019\u00a0\u202f_]", "", token).replace("\u2212", "-").rstrip(".,")
        for one in (plain.replace(",", ""), plain.replace(".", "").replace(",", "."), plain.replace(",", "").replace(".", "")):
            with suppress(InvalidOperation):
                found.append(Decimal(one))
    return found


def _is_from(tree: Any, source: str, value: Any, transform: str | None) -> None:
    if source.startswith("file:"):
        return
    given = resolve(tree, steps(source))
    assert given is not MISSING, source
    embedded = isinstance(given, str) and given[:1] in "[{"
    if transform in TRANSFORMS and not embedded:
        assert TRANSFORMS[transform](given) == value, (given, transform, value)
    if transform in KEYS:
        assert isinstance(value, str), "only words are taken from keys or vocabulary"
    elif isinstance(given, str) and given[:1] in "[{" and value not in (given,):
        assert str(value).lower() in given.lower() or transform in TRANSFORMS  # out of JSON in a string
    elif transform in ("number", "percent", "integer", "quantity", "count", "quoted") or (transform or "").removesuffix("_in_text") in STATISTICS:
        in_words = transform == "quoted" or (transform or "").endswith("_in_text")
        hundredth = transform == "percent" or (isinstance(given, str) and "%" in given)
        said = readings(str(given))
        assert float(value) in [float(one / 100 if hundredth else one) for one in said] + [float(one) for one in said if in_words], (given, value)
    elif transform is None:
        assert value == given or (value == str(given) and isinstance(given, (str, int, float)))
        assert isinstance(value, str) == isinstance(given, str) or not isinstance(value, (int, float)), "numbers are the file's own"
