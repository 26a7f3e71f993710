"""Brings both versions into the hub and puts them in a group. Parts from an earlier start stay unchanged."""

from collections.abc import Callable
from typing import Any

from demo.dataset import Clients
from demo.decisions import RULE, VALUE_TABLE
from demo.document import document
from demo.hub import Hub, Refused
from demo.training import MODEL, RECIPES, THRESHOLD, Recipe, train

GROUP = {"name": "Live Credit Scoring", "slug": "live_credit_scoring"}
SHARES = {"v1.2": ("champion", 9_000), "v1.3": ("challenger", 1_000)}
Say = Callable[[str], None]


def provision(hub: Hub, clients: Clients, say: Say) -> Any:
    """Return the group, created if missing."""
    model = _find(hub, "models.get", MODEL["slug"])
    if model is None:
        model = hub.mutate("models.create", **MODEL)
        say(f"Model {model['name']} created.")
    there = {version["label"]: version for version in hub.query("models.versions", slug=MODEL["slug"])}
    ids = {recipe.version: _version(hub, recipe, there.get(recipe.version), clients, say) for recipe in RECIPES}
    group = _find(hub, "groups.get", GROUP["slug"])
    if group is None:
        members = [{"version_id": ids[label], "role": role, "share": share} for label, (role, share) in SHARES.items()]
        group = hub.mutate("groups.create", **GROUP, members=members, threshold=THRESHOLD)
        group = _state_decisions(hub, group)
    serving = ", ".join(f"{member['label']} {member['role']} {member['share'] / 100:g} %" for member in group["phase"]["members"])
    say(f"Group {group['slug']}: {serving}.")
    return group


def _state_decisions(hub: Hub, group: Any) -> Any:
    """State what decisions are worth, and that each reveals its outcome: a client's line runs on whatever is decided."""
    hub.mutate("decisions.setValueTable", slug=group["slug"], table=VALUE_TABLE)
    reveals = [band["decision"] for band in RULE["bands"]]
    return hub.mutate("groups.configure", slug=group["slug"], settings=group["settings"] | {"reveals": reveals})


def _version(hub: Hub, recipe: Recipe, there: Any, clients: Clients, say: Say) -> str:
    """Return the version's id. Train and upload it unless the hub has it complete."""
    if there is not None and there["artifact"] is not None:
        return str(there["id"])
    trained = train(recipe, clients)
    version = there or hub.mutate("models.createVersion", model=MODEL["slug"], version=recipe.version, document=document(trained), decision_rule=RULE)
    hub.upload(f"/v1/versions/{version['id']}/artifact", trained.artifact)
    say(f"{MODEL['name']} {recipe.version} trained on {len(trained.clients):,} clients and imported ({len(recipe.features)} features).")
    return str(version["id"])


def _find(hub: Hub, procedure: str, slug: str) -> Any:
    try:
        return hub.query(procedure, slug=slug)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
