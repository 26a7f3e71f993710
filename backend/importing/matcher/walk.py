"""Walks a file once, with the facts from the keys above, and gives each part to the reader that knows it."""

import msgspec

from backend.importing.matcher import charts, features, importance, lists, metrics, scalars, sections, settings
from backend.importing.matcher.draft import Context, Draft
from backend.importing.pointers import MISSING, Path, items, resolve, text
from backend.importing.several.best import candidates
from backend.importing.several.find import components, members
from backend.importing.several.member import Member
from backend.importing.vocabulary import FIELDS, PROFILE, SECTIONS, section, split_of, words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, MappingWhere

_DEPTH = 8


def match(tree: Json, pick: Member | None = None, several: list[Member] | None = None) -> Draft:
    """Return the rules for a file of no known format. `pick` is the chosen model of several."""
    listed, shown = candidates(tree, members(tree) if several is None else several)
    draft = Draft(tree, listed, pick, next((one.name for one in shown if one.best_by), None))
    draft.names = features.known_names(tree)
    draft.classes = lists.known_classes(tree)
    root = Context(shared=True)
    if isinstance(tree, dict):
        visit(draft, tree, (), root)
    elif isinstance(tree, list) and len(tree) == 1:
        visit(draft, tree[0], (0,), root)
    if pick:
        _picked(draft, pick)
    sections.conclude(draft)
    settings.of_training(draft, tree)
    return draft


def visit(draft: Draft, node: Json, path: Path, context: Context) -> None:
    """Visit a map of the file: first as a whole, then each entry."""
    if context.depth > _DEPTH:
        return
    if context.split is None and (said := sections.protocol(node)):
        context = msgspec.structs.replace(context, split=said)
    charts.whole(draft, node, path, context)
    features.whole(draft, node, path, context)
    alike = metrics.unexplained(node) | components(node, str(path[-1]) if path else "")
    for key, value in items(node):
        below = (*path, key)
        if below in draft.hidden or below in draft.own or below in draft.cells or key in alike or value is None:
            continue
        if words(str(key)) in SECTIONS["components"] or (isinstance(value, list) and words(str(key)) in SECTIONS["foreign"]):
            continue
        if key == "*":  # in a rule's pointer this means any key
            continue
        if context.depth <= 2 and words(str(key)) in PROFILE:
            draft.says(f"profile:{words(str(key))}", -1)
        entry(draft, str(key), value, below, context)


def entry(draft: Draft, key: str, value: Json, path: Path, context: Context) -> None:
    """Read one entry of a map with the first reader that knows it."""
    if isinstance(value, dict):
        for knows in (charts.entry, sections.hyperparameters, importance.entry, metrics.entry, features.entry):
            if knows(draft, key, value, path, context):
                return
        inner = sections.enter(draft, key, value, path, context)
        if inner is not None:
            visit(draft, value, path, inner)
    elif isinstance(value, list):
        if section(key, "models") and len(value) == 1 and isinstance(value[0], dict) and not draft.several:
            visit(draft, value[0], (*path, 0), msgspec.structs.replace(context, model=True, local=None, depth=context.depth + 1))
            return
        for knows in (charts.entry, importance.entry, metrics.entry, lists.entry):
            if knows(draft, key, value, path, context):
                return
    else:
        scalars.entry(draft, key, value, path, context)


def _picked(draft: Draft, pick: Member) -> None:
    """Read the picked model's own parts of the file."""
    for at, place in enumerate(pick.places):
        value = resolve(draft.tree, place)
        if value is MISSING:
            continue
        if isinstance(value, dict):
            visit(draft, value, place, Context(shared=False, metrics=True, depth=1, flat=pick.flat, split=_split_of_row(value)))
            _name_of_row(draft, value, place, pick)
        elif pick.headings:
            metrics.of_column(draft, value, place, None, pick.headings[at])
        elif len(pick.places) > 1 or pick.flat:
            metrics.of_column(draft, value, place, pick.flat)
    named = pick.places[0]
    if pick.headings:
        draft.single("/name", named, -50)
    elif len(pick.places) == 1 and isinstance(named[-1], str):
        rule = MappingRule(
            kind="select",
            source=f"{text(named[:-1])}/*",
            target="/name",
            parts=[MappingPart(target="", key=1)],
            where=MappingWhere(key=1, words=[str(named[-1]).lower()]),
        )
        draft.singles.setdefault("/name", []).append((-50, 0, rule))
    elif isinstance(resolve(draft.tree, named), str):
        draft.single("/name", named, -50)


def _split_of_row(row: dict[str, Json]) -> str | None:
    """Return the split that a row of results names."""
    said = {words(name): value for name, value in row.items()}
    return next((found for one in FIELDS["metric_split"] if isinstance(said.get(one), str) and (found := split_of(str(said[one])))), None)


def _name_of_row(draft: Draft, row: dict[str, Json], place: Path, pick: Member) -> None:
    name = next((name for name, value in row.items() if value == pick.name and words(name) in FIELDS["model_name"]), None)
    if name is not None:
        draft.single("/name", (*place, name), -60)
