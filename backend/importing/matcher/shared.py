"""Settings beside several models: common ones go to each model, those of one model to that model alone."""

from typing import Any, Final

from backend.importing.matcher.draft import Draft
from backend.importing.pointers import Path, text
from backend.importing.several.member import Member
from backend.importing.vocabulary import words
from schemas.mapping import MappingRule

_CHOSEN: Final = frozenset({"best", "selected", "final", "chosen", "winning", "winner", "champion", "optimal", "tuned", "top", "recommended"})
"""Words for settings that were found for one model."""


def settings_of_one(draft: Draft, said: str, value: dict[str, Any], path: Path) -> bool:
    """Return whether the settings belong to one model. If so, take those of the picked model, if the file has them."""
    by_name = {name: member for name in value if isinstance(value[name], dict) for member in draft.several if member.is_called(name)}
    if by_name:
        for name, member in by_name.items():
            if member is draft.picked and value[name]:
                draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text((*path, name)), target="/training/hyperparameters")))
        return True
    named = [member for member in draft.several if _is_named(said, member)]
    if not named and _CHOSEN.isdisjoint(said.split("_")):
        return False
    mine = draft.picked in named if named else draft.picked is not None and draft.picked.name == draft.best
    if mine:
        draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text(path), target="/training/hyperparameters")))
    return True


def _is_named(said: str, member: Member) -> bool:
    """Return whether the heading names the model: `rf_params`, `params_random_forest`."""
    return any(name and f"_{name}_" in f"_{said}_" for name in {words(one) for one in (member.name, *member.also)})
