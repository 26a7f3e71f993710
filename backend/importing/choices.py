"""A person's possible answers to a contradiction: each choice with its decisions."""

from backend.importing.vocabulary import FRACTIONS, SIGNED_FRACTIONS
from schemas.common import Json
from schemas.importing import Choice, Claim, Contradiction, Decision


def with_choices(conflict: Contradiction, document: dict[str, Json]) -> Contradiction:
    """Return the contradiction with the ways to settle it."""
    claims = conflict.claims
    if conflict.unclear:
        found = [Choice(label=f"use {_shown(one)}", decisions=[Decision(source=one.pointer, choice=one.reading)]) for one in claims if one.reading]  # type: ignore[arg-type]
        found.append(_neither(claims[:1], "use neither"))
    elif len(claims) > 1 and len({one.target for one in claims}) == 1:
        first, *others = claims
        found = [Choice(label=f"use {_shown(first)}", decisions=[Decision(source=first.pointer, choice="keep")])]
        found += [
            Choice(label=f"use {_shown(one)}", decisions=[Decision(source=first.pointer, choice="take", other=one.pointer)])
            for one in others
            if one.value != first.value
        ]
        found.append(_neither(claims[:1], "use neither"))
    else:
        found = [*_percentage(claims, document), Choice(label=_kept(claims), decisions=[Decision(source=claims[0].pointer, choice="keep")])]
        if len(claims) == 2 and claims[0].target != claims[1].target and _are_figures(claims):
            found.append(Choice(label=f"swap {_shown(claims[0])} and {_shown(claims[1])}", decisions=_swapped(claims)))
        found += [_neither([one], f"leave {_named(one, document)} out") for one in claims if one.target]
    return Contradiction(
        target=conflict.target, message=conflict.message, claims=claims, settled=conflict.settled, unclear=conflict.unclear, choices=_distinct(found)
    )


def _neither(claims: list[Claim], label: str) -> Choice:
    return Choice(label=label, decisions=[Decision(source=one.pointer, choice="leave_out") for one in claims])


def _swapped(claims: list[Claim]) -> list[Decision]:
    one, other = claims
    return [Decision(source=one.pointer, choice="take", other=other.pointer), Decision(source=other.pointer, choice="take", other=one.pointer)]


def _are_figures(claims: list[Claim]) -> bool:
    return all(one.target.startswith("/metrics/") and one.target.endswith("/value") for one in claims)


def _kept(claims: list[Claim]) -> str:
    return f"keep {_shown(claims[0])}" if len(claims) == 1 else "keep all of them"


def _percentage(claims: list[Claim], document: dict[str, Json]) -> list[Choice]:
    """Return the choice that reads 97.3 as 0.973, where the document needs a fraction."""
    if len(claims) != 1 or not _are_figures(claims) or not isinstance(claims[0].value, (int, float)) or not 1 < abs(claims[0].value) <= 100:
        return []
    metric = document["metrics"][int(claims[0].target.split("/")[2])]["name"]
    if metric not in FRACTIONS | SIGNED_FRACTIONS:
        return []
    return [Choice(label=f"use {claims[0].value / 100:.6g} (it is per cent)", decisions=[Decision(source=claims[0].pointer, choice="percent")])]


def _named(claim: Claim, document: dict[str, Json]) -> str:
    """Return the name of the part that a left-out claim removes: a value, or a whole chart if the claim is one of its cells."""
    steps = claim.target.split("/")
    if steps[1] == "charts" and len(steps) > 2 and steps[2].isdigit():
        return f"the {str(document['charts'][int(steps[2])]['kind']).replace('_', ' ')}"
    return _shown(claim)


def _shown(claim: Claim) -> str:
    return str(claim.value)[:40]


def _distinct(found: list[Choice]) -> list[Choice]:
    return list({one.label: one for one in found}.values())
