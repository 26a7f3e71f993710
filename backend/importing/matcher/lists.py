"""Reads lists other than figures and charts: features, classes, uses, owners."""

from typing import Any, Final

from backend.importing.matcher import features, metrics
from backend.importing.matcher.draft import Context, Draft
from backend.importing.pointers import Path, items, text
from backend.importing.vocabulary import LISTS, LOCAL, STRONG, section, words
from schemas.mapping import MappingPart, MappingRule

_SENTENCES: Final = {
    "use_cases": "/intended_use/use_cases/*",
    "prohibited": "/intended_use/prohibited/*",
    "regions": "/intended_use/regions/*",
    "products": "/intended_use/products/*",
    "considerations": "/considerations/*",
}
_MAPPINGS: Final = frozenset(
    {
        "id2label",
        "label_map",
        "label_mapping",
        "class_mapping",
        "labels",
        "classes",
        "class_map",
        "target_mapping",
        "class_names",
        "class_labels",
    }
)
_OPEN: Final = ("labels", "categories")
"""Words that mean classes only where the part is about the model itself."""


def entry(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Read a list under a key that names its content."""
    if not value:
        return False
    if features.listed(draft, key, value, path, context) or features.rows(draft, key, value, path, context):
        return True
    meaning = LISTS.get(words(key))
    scalar = all(isinstance(one, (str, int, float, bool)) for one in value)
    if meaning == "classes" and scalar and 2 <= len(value) <= 1000 and (words(key) not in _OPEN or context.model) and context.local != "features":
        transform = None if all(isinstance(one, str) for one in value) else "text"
        draft.lists.append(MappingRule(kind="scalar", source=f"{text(path)}/*", target="/task/classes/*", transform=transform))  # type: ignore[arg-type]
        draft.const("/task/type", path, "binary_classification" if len(value) == 2 else "multiclass_classification")
        return True
    if metrics.sentences(draft, value, path, context):
        return True
    if meaning in _SENTENCES and all(isinstance(one, str) for one in value):
        draft.lists.append(MappingRule(kind="rows", source=f"{text(path)}/*", target=_SENTENCES[meaning], parts=[MappingPart(target="")]))
        return True
    return meaning == "owners" and owners(draft, value, path)


def owners(draft: Draft, value: list[Any], path: Path) -> bool:
    """Add owners from names or objects."""
    if all(isinstance(one, str) for one in value):
        draft.lists.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/owners/*", parts=[MappingPart(target="name")]))
        return True
    rows = [one for one in value if isinstance(one, dict)]
    return bool(rows) and owner(draft, rows[0], f"{text(path)}/*")


def owner(draft: Draft, row: dict[str, Any], source: str) -> bool:
    """Read one person, or each of a list, as an object with a name."""
    fields: dict[str, str] = {}
    for name in row:
        if target := LOCAL["owner"].get(words(name)):
            fields.setdefault(target, name)
    if "name" not in fields:
        return False
    parts = [MappingPart(target=target, source=text((name,))[1:]) for target, name in fields.items()]
    draft.lists.append(MappingRule(kind="rows", source=source, target="/owners/*", parts=parts))
    return True


def mapping_of_classes(draft: Draft, key: str, value: dict[str, Any], path: Path) -> bool:
    """Read `{"0": "Good", "1": "Bad"}` (`id2label`, `label_mapping`): the names are the classes."""
    named = words(key) in _MAPPINGS
    if not named or not 2 <= len(value) <= 1000 or section(key, "models"):
        return False
    if all(isinstance(one, str) for one in value.values()) and all(name.lstrip("-").isdigit() for name in value):
        draft.lists.append(MappingRule(kind="scalar", source=f"{text(path)}/*", target="/task/classes/*"))
    elif all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()) and sorted(value.values()) == list(range(len(value))):
        draft.lists.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/task/classes/*", parts=[MappingPart(target="", key=1)]))
    else:
        return False
    draft.const("/task/type", path, "binary_classification" if len(value) == 2 else "multiclass_classification")
    return True


def known_classes(tree: Any) -> dict[str, str]:
    """Return the classes that a file names, at its top or one level below, as words, each with its place."""
    found: dict[str, str] = {}
    for path, part in [((), tree), *(((name,), below) for name, below in items(tree))]:
        for name, value in items(part):
            said, here = words(str(name)), (*path, name)
            if LISTS.get(said) == "classes" or said in _MAPPINGS:
                for step, one in items(value)[:50]:
                    if isinstance(one, str) and words(one):
                        found.setdefault(words(one), text((*here, step)))
            elif isinstance(value, str) and words(value) and any(target == "/task/positive_class" for target, _ in STRONG.get(said, ())):
                found.setdefault(words(value), text(here))
    return found
