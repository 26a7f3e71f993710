"""Asks a language model about what the hub leaves open. After any failure the hub's own reading is used, and the report gives the reason."""

import time

import msgspec

from backend.connectors.default_model import preferred
from backend.connectors.errors import BaseUrlRefused, ConnectorDisabled, KeyUnreadable, ProviderAnswerUnreadable, ProviderError, ProviderSlow
from backend.hub import Hub
from backend.importing import reading_steps
from backend.importing.llm import prompt
from backend.importing.llm.check_values import Written
from backend.importing.opened_file import OpenedFile
from backend.importing.speech import Speech
from backend.ports.language_models import Answer
from backend.ports.secrets import Access
from schemas.common import Json
from schemas.connectors import Provider
from schemas.mapping import MappingRule, RefusedRule

FAILURES = (ProviderError, BaseUrlRefused, KeyUnreadable, ConnectorDisabled)
"""After any of these the hub's own reading is used."""
_TOO_LONG = "The file is too large to be shown to a language model. The hub's own reading stands."
_REASONS_SAID = 30


class Proposal(msgspec.Struct):
    """The result of asking. `reason` and `message` describe the failure of the last call, if it failed."""

    model: str | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    accepted: list[MappingRule] = []
    refused: list[RefusedRule] = []
    dropped: list[RefusedRule] = []
    instructions: str = ""
    sent: list[str] = []
    """The exact text of each call."""
    written: list[Written] | None = None
    reason: str | None = None
    message: str | None = None

    def fails(self, reason: str, message: str) -> None:
        """Record the failure."""
        self.reason, self.message = reason, message


class Conversation:
    """One proposal's calls to a provider, within a total time in seconds."""

    def __init__(self, hub: Hub, access: Access, model: str | None, seconds: float, speech: Speech) -> None:
        self._speech = speech
        self.proposal = Proposal(model=model)
        self._hub = hub
        self._access = access
        self._started = time.monotonic()
        self._seconds = seconds

    async def rules(self, file: OpenedFile, base: list[MappingRule], unmapped: list[str], targets: list[str]) -> Proposal:
        """Return rules for what is open. After a partly refused answer, ask once more with the reasons."""
        told = await file.ask(reading_steps.llm_message, unmapped, targets, self._speech.shows, self._speech.short_words)
        said = told.text
        if said is None:
            self.proposal.fails("FILE_TOO_LARGE", _TOO_LONG)
            return self.proposal
        problem = await self._round(said, file, base, told.meant)
        if problem and self.proposal.calls:
            refused, self.proposal.refused = self.proposal.refused, []
            if await self._round(f"{said}\n\n{problem}", file, [*base, *self.proposal.accepted], told.meant) and not self.proposal.refused:
                self.proposal.refused = refused
        return self._done()

    async def values(self, file: OpenedFile) -> Proposal:
        """Return the document, value by value, each checked against the file."""
        said = await file.ask(reading_steps.llm_whole)
        if said is None:
            self.proposal.fails("FILE_TOO_LARGE", _TOO_LONG)
            return self.proposal
        answer = await self._ask(prompt.VALUES_SYSTEM, said, prompt.VALUES_SCHEMA, None)
        if isinstance(answer, ProviderAnswerUnreadable):
            answer = await self._ask(prompt.VALUES_SYSTEM, f"{said}\n\n{_again(answer)}", prompt.VALUES_SCHEMA, None)
        if isinstance(answer, Answer):
            values: list[dict[str, Json]] = answer.value["values"]
            self.proposal.written = await file.ask(reading_steps.llm_values, values)
        return self._done()

    async def _round(self, said: str, file: OpenedFile, base: list[MappingRule], meant: dict[str, str]) -> str | None:
        """Ask once. Return the text for a second question; None if none is needed."""
        answer = await self._ask(prompt.RULES_SYSTEM, said, prompt.RULES_SCHEMA, prompt.RULES_ACCEPTED)
        if isinstance(answer, ProviderAnswerUnreadable):
            return _again(answer)
        if not isinstance(answer, Answer):
            return None
        judged = await file.ask(reading_steps.llm_rules, answer.value, base, meant)
        self.proposal.accepted = [*self.proposal.accepted, *judged.accepted]
        self.proposal.refused = judged.refused
        self.proposal.dropped = [*self.proposal.dropped, *judged.dropped]
        if not judged.reasons:
            return None
        listed = "\n".join(judged.reasons[:_REASONS_SAID])
        return f"Of an earlier answer these rules were refused; the others are taken. Answer with better ones in their place, or with none:\n{listed}"

    async def _ask(self, system: str, user: str, schema: dict[str, Json], accepts: dict[str, Json] | None) -> Answer | ProviderError | None:
        """Make one call and return the answer. Record a failure; return the error if another call may give a readable answer, else None."""
        one = self.proposal
        try:
            one.model = one.model or await self._choose()
            one.calls += 1
            one.instructions, one.sent = system, [*one.sent, user]
            answer = await self._hub.llm.answer(self._access, schema, system, user, model=one.model, accepts=accepts, timeout=self._left())
        except FAILURES as error:
            wait = error.data.get("retry_after_seconds")
            one.fails(error.reason, f"{error.message} It may be asked again in {wait} s." if wait else error.message)
            return error if isinstance(error, ProviderAnswerUnreadable) else None
        one.reason = one.message = None
        one.input_tokens += answer.input_tokens
        one.output_tokens += answer.output_tokens
        return answer

    async def _choose(self) -> str:
        models = await self._hub.llm.models(self._access, timeout=self._left())
        chosen = preferred(Provider(self._access.provider), models, self._hub.clock.now().date())
        if chosen is None:
            raise ProviderAnswerUnreadable("The provider offers no model that writes text; name one.")
        return chosen

    def _left(self) -> float:
        left = self._seconds - (time.monotonic() - self._started)
        if left < 0.05:
            raise ProviderSlow
        return left

    def _done(self) -> Proposal:
        self.proposal.seconds = round(time.monotonic() - self._started, 3)
        return self.proposal


def _again(error: ProviderAnswerUnreadable) -> str:
    where = "".join(f" At {issue.pointer or 'its beginning'}: {issue.message}." for issue in error.issues)
    return f"An earlier answer could not be used: {error.message}{where} Answer with JSON of the form that is asked for."
