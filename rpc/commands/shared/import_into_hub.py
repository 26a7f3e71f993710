"""The hub's side of `tiltyard import`: calls the same procedures as over HTTP."""

from typing import Any

import click
import msgspec

from backend.bootstrap import open_hub
from backend.catalog.rules import slug_of
from backend.settings import Settings
from rpc.commands.call import acting_as
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.host import ProductHost
from rpc.root import root
from schemas.catalog import Version
from schemas.connectors import Connector
from schemas.import_sharing import ShowImport, ShownImport
from schemas.importing import CommitImport, CommitSeveral, DraftRef, ImportDraft, ImportPreview, NewModel, ProposeImport


class Wishes(msgspec.Struct, frozen=True):
    """The options for a file."""

    content: bytes
    name: str
    picks: tuple[str, ...]
    pick_all: bool
    model: str | None
    connector: str | None
    llm_model: str | None
    dry_run: bool
    agree: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """The result of an import. `versions` exist when it was stored."""

    draft: ImportDraft
    versions: tuple[Version, ...] = ()
    shown: ShownImport | None = None
    """What would be sent, when nothing was sent because nobody agreed yet."""

    @property
    def understood(self) -> ImportPreview:
        """Return the draft in the form of a file shown without a hub."""
        draft = self.draft
        return ImportPreview(
            document=draft.document,
            provenance={target: source.pointer for target, source in draft.provenance.items()},
            transforms={target: source.transform for target, source in draft.provenance.items() if source.transform},
            unmapped=[leaf.pointer for leaf in draft.unmapped],
            contradictions=draft.contradictions,
            several_models=draft.several_models,
            picked=draft.picked,
            format=draft.format,
            mapping=[_short(rule) for rule in msgspec.to_builtins(draft.mapping)],
            remembered=draft.remembered is not None,
            fingerprint=draft.fingerprint,
            sha256=draft.sha256,
            warnings=draft.warnings,
            questions=draft.questions,
        )


def _short(value: Any) -> Any:
    """Return a rule without its default values."""
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items() if inner not in (None, [], {}, False)}
    return [_short(inner) for inner in value] if isinstance(value, list) else value


async def bring(settings: Settings, wishes: Wishes, email: str | None, token: str | None) -> Outcome:
    """Propose, and commit unless something is open. Raises the procedures' errors, and click.ClickException for an unknown connector."""
    async with open_hub(settings, pool_size=2) as hub:
        host, request = ProductHost(hub), Request(path="imports.propose", headers={"authorization": f"Bearer {token}"} if token else {})
        exchange = Exchange(host, request, actor=await acting_as(hub, host, request, email))
        try:
            return await _bring(exchange, wishes)
        finally:
            await hub.serving.stop()


async def _bring(exchange: Exchange, wishes: Wishes) -> Outcome:
    connector = await _connector(exchange, wishes.connector) if wishes.connector is not None else None
    proposed = ProposeImport(
        name=wishes.name,
        file=wishes.content,
        pick=wishes.picks[0] if len(wishes.picks) == 1 and not wishes.pick_all else None,
        connector_id=connector.id if connector else None,
        llm_model=wishes.llm_model,
        agreed=wishes.agree,
    )
    draft = await _do(exchange, "imports.propose", proposed, ImportDraft)
    shown = None
    if connector is not None and draft.llm is not None and draft.llm.reason == "NOT_AGREED":
        shown = await _do(exchange, "imports.shown", ShowImport(draft_id=draft.draft_id, connector_id=connector.id), ShownImport)
    if wishes.dry_run:
        await _do(exchange, "imports.discard", DraftRef(draft_id=draft.draft_id), Any)
    if draft.several_models and (wishes.pick_all or len(wishes.picks) > 1) and not wishes.dry_run and shown is None:
        return await _several(exchange, wishes, draft)
    if wishes.dry_run or draft.open or shown is not None:
        return Outcome(draft, shown=shown)
    commit = CommitImport(draft_id=draft.draft_id, model=draft.model)
    if wishes.model is not None:
        commit = CommitImport(draft_id=draft.draft_id, **await _model(exchange, wishes.model))
    return Outcome(draft, (await _do(exchange, "imports.commit", commit, Version),))


async def _several(exchange: Exchange, wishes: Wishes, draft: ImportDraft) -> Outcome:
    """Commit several models of one file together."""
    chosen = await _model(exchange, wishes.model) if wishes.model is not None else {}
    if "new_model" in chosen:
        made = await _do(exchange, "models.create", {"name": wishes.model, "slug": slug_of(str(wishes.model))}, Any)
        chosen = {"model": made["slug"]}
    several = CommitSeveral(draft_id=draft.draft_id, picks=None if wishes.pick_all else list(wishes.picks), **chosen)
    return Outcome(draft, tuple(await _do(exchange, "imports.commitSeveral", several, list[Version])))


async def _model(exchange: Exchange, name: str) -> dict[str, Any]:
    """Return the model with this slug or name, else a new one."""
    found = await _do(exchange, "models.list", {"search": name, "limit": 500}, Any)
    for one in found["items"]:
        if name.lower() in (one["slug"], one["name"].lower()):
            return {"model": one["slug"]}
    return {"new_model": NewModel(name=name)}


async def _connector(exchange: Exchange, name: str) -> Connector:
    listed: list[Connector] = await _do(exchange, "connectors.list", None, list[Connector])
    for one in listed:
        if one.name.lower() == name.lower():
            return one
    there = ", ".join(one.name for one in listed) or "none"
    raise click.ClickException(f"There is no connector {name!r}. There {'are' if len(listed) > 1 else 'is'}: {there}.")


async def _do(exchange: Exchange, path: str, given: Any, kind: Any) -> Any:
    raw = None if given is None else msgspec.Raw(msgspec.json.encode(given))
    return msgspec.json.decode(await call(exchange, find(root, path), raw), type=kind, strict=False)
