"""A mapping: rules that give the places of a document's values in a file. A data file, the matcher, a language model or a person writes it. The hub applies it,
so a value can only come from the file. Each kind of rule needs, beyond `source` and `target`:

- `scalar`: a value, or a whole container, unchanged; `const`: the word `const`, if there is something at `source`
- `rows`, `select`: one row per match, from `parts`; `select` keeps the rows that `where` names
- `pairs`: rows of `[key, value]`; `zip`: rows from arrays side by side; `columnar`: rows from a table kept by column
- `split_from_key`: metrics whose keys say name and split (`val_auc`)
- `confusion`: a two-by-two matrix from four counts (parts tn, fp, fn, tp), or a map of maps of counts
- `parse_json`: the string at `source` is JSON; `rules` apply to its content
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from backend.importing.document_places import TARGETS, is_word, writable
from backend.importing.errors import UnsoundMapping
from schemas.common import Issue
from schemas.mapping import MappingRule

MAX_RULES = 2_000
MAX_PARTS = 100
_COLLECTIONS: Final = ("/metrics/*", "/features/*", "/charts/*", "/owners/*", "/training/split_rows/*", "/training/hyperparameters/*", "/task/classes/*")
_OF_ROWS: Final = ("metrics", "features", "charts", "owners")
CELLS: Final = ("tn", "fp", "fn", "tp")


def problems(rules: Sequence[MappingRule]) -> list[Issue]:
    """Return the problems of a mapping, by pointer into it; empty when it is sound. Whether a mapping fits a file shows when it is applied."""
    if len(rules) > MAX_RULES:
        return [Issue(pointer="", message=f"a mapping has at most {MAX_RULES} rules")]
    return [Issue(pointer=f"/{at}{issue.pointer}", message=issue.message) for at, rule in enumerate(rules) for issue in _of_rule(rule, 0)]


def checked(rules: Sequence[MappingRule]) -> list[MappingRule]:
    """Return the rules. Raises UnsoundMapping with the problems."""
    if issues := problems(rules):
        raise UnsoundMapping(f"The mapping has {len(issues)} faults; the first: {issues[0].pointer} {issues[0].message}.", issues=issues)
    return list(rules)


def decoded(raw: object) -> list[MappingRule]:
    """Return a mapping from JSON values of unknown origin, checked. Raises UnsoundMapping."""
    try:
        return checked(msgspec.convert(raw, list[MappingRule]))
    except (msgspec.ValidationError, RecursionError) as error:
        raise UnsoundMapping(f"This is not a list of mapping rules: {error}.") from error


def _of_rule(rule: MappingRule, depth: int) -> list[Issue]:
    found = _of_source(rule)
    if len(rule.parts) > MAX_PARTS or len(rule.rules) > MAX_PARTS:
        return [*found, Issue(pointer="", message=f"a rule has at most {MAX_PARTS} parts and as many rules of its own")]
    if rule.kind == "parse_json":
        if depth:
            found.append(Issue(pointer="/kind", message="JSON in JSON in JSON is not read"))
        return found + [
            Issue(pointer=f"/rules/{at}{issue.pointer}", message=issue.message) for at, inner in enumerate(rule.rules) for issue in _of_rule(inner, 1)
        ]
    if rule.kind == "confusion":
        if {part.target for part in rule.parts} - {"split", "labels"} not in (set(), set(CELLS)):
            found.append(Issue(pointer="/parts", message="a confusion matrix takes the parts tn, fp, fn and tp, or none of them"))
        return found
    collection = rule.target.split("/", 2)[1] if rule.target.startswith("/") else ""
    if collection in _OF_ROWS and rule.target not in _COLLECTIONS:
        return [*found, Issue(pointer="/target", message=f"{collection} are rows: a rule with parts makes them, to /{collection}/*")]
    if rule.kind == "scalar" or rule.kind == "const":
        return found + _of_target(rule.target, rule.const if rule.kind == "const" else None, rule.kind == "const")
    return found + _of_rows(rule)


def _of_source(rule: MappingRule) -> list[Issue]:
    if rule.source and not rule.source.startswith("/"):
        return [Issue(pointer="/source", message="a source is a JSON Pointer: empty, or it starts with a slash")]
    return [Issue(pointer="/source", message="a source has at most four stars")] if rule.source.count("*") > 4 else []


def _of_rows(rule: MappingRule) -> list[Issue]:
    if rule.target not in _COLLECTIONS and not (rule.kind in ("rows", "select") and [part.target for part in rule.parts] == [""]):
        return [Issue(pointer="/target", message=f"rows go to one of {', '.join(_COLLECTIONS)}")]
    found = [] if rule.kind != "select" or rule.where else [Issue(pointer="/where", message="a rule of kind `select` must say in `where` what it selects")]
    for at, part in enumerate(rule.parts):
        inside = rule.target if part.target in ("", "*") else f"{rule.target}/{part.target}"
        found += [Issue(pointer=f"/parts/{at}{issue.pointer}", message=issue.message) for issue in _of_target(inside, part.const, part.const is not None)]
    return found


def is_own_name(target: str, const: str) -> bool:
    """Return whether a metric has its own name, typed by a person: `profit_per_case`. A language model may only use the hub's names."""
    leaf = TARGETS.find(target)
    return target == "/metrics/*/name" and leaf is not None and leaf.takes(const) and any(letter.isalpha() for letter in const)


def _of_target(target: str, const: str | None, constant: bool) -> list[Issue]:
    leaf = TARGETS.find(target) if writable(target) else None
    if leaf is None:
        return [Issue(pointer="/target", message=f"a model document has no {target or 'such place'}")]
    if constant and not (const and (is_word(target, const) or is_own_name(target, const))):
        return [Issue(pointer="/const", message=f"{const!r} is no word of the hub's vocabulary for {target}; only such words may be constants")]
    return []
