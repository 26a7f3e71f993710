"""Cases answered by external language models: asked through their connectors, on the event loop, outside the scoring threads."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from backend.actor import system
from backend.connectors import service as connectors
from backend.connectors.errors import ProviderBusy, ProviderDown, ProviderError, ProviderKeyRefused, ProviderRedirected, ProviderSlow
from backend.db.availability import unless_away
from backend.errors import HubError
from backend.hub import Hub
from backend.ports.secrets import Access
from backend.runtimes.language_model import ExternalRuntime
from backend.runtimes.prompts import NoScore, filled, schema_of, score_of
from backend.serving.circuit_breaker import Breaker
from backend.serving.prepare import Case
from schemas.external import ExternalModel
from schemas.inference import Inputs

log = logging.getLogger("tiltyard.inference")
QUESTIONS_OF_A_VERSION = 8
"""Running questions to one version, from this process."""
MOST_TOKENS = 200
PAUSE_SECONDS = 0.2
OUTAGES = (ProviderDown, ProviderSlow, ProviderBusy, ProviderKeyRefused, ProviderRedirected)
"""The provider's faults: several in a row open the circuit. A refusal or a wrong answer is the model's fault."""


class CircuitOpen(HubError):
    """The provider has failed several times in a row, so it gets no calls for half a minute."""


class Remote:
    """This process's questions to external language models."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._breakers: defaultdict[UUID, Breaker] = defaultdict(Breaker)
        self._turns: defaultdict[UUID, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(QUESTIONS_OF_A_VERSION))

    async def score(self, tenant_id: UUID, cases: Sequence[Case]) -> list[Case]:
        """Score cases of one external version. Return the failed ones with the reason, also when PostgreSQL, which has its connector, does not answer."""
        version = cases[0].version
        runtime = version.runtime
        assert isinstance(runtime, ExternalRuntime)
        try:
            async with (
                asyncio.timeout(runtime.external.timeout_ms / 1000),
                unless_away(self._hub.work(system(tenant_id, "inference"), read_only=True)) as work,
            ):
                access = await connectors.access(work, runtime.external.connector_id)
        except TimeoutError:
            return _all_failed(cases, f"it took longer than its {runtime.external.timeout_ms} ms")
        except HubError as error:
            return _all_failed(cases, error.message)
        await asyncio.gather(*(self._one(version.id, runtime.external, access, case) for case in cases))
        failed = [case for case in cases if case.error is not None and case.score != case.score]
        if failed:
            log.warning("%s did not answer %s of %s: %s", version.label, len(failed), len(cases), failed[0].error)
        return failed

    async def _one(self, version_id: UUID, external: ExternalModel, access: Access, case: Case) -> None:
        try:
            async with asyncio.timeout(external.timeout_ms / 1000), self._turns[version_id]:
                case.score = await self._ask(version_id, external, access, case.inputs)
        except TimeoutError:
            case.error = f"it took longer than its {external.timeout_ms} ms"
        except HubError as error:
            case.error = error.message
        except NoScore as error:
            case.error = str(error)

    async def _ask(self, version_id: UUID, external: ExternalModel, access: Access, inputs: Inputs) -> float:
        """Ask, and ask again while the provider is down or busy and there is time."""
        deadline = asyncio.get_running_loop().time() + external.timeout_ms / 1000
        for attempt in range(external.retries + 1):
            try:
                return await self._once(self._breakers[version_id], external, access, inputs, deadline - asyncio.get_running_loop().time())
            except (ProviderDown, ProviderBusy) as error:
                told = error.data.get("retry_after_seconds")
                pause = float(told) if isinstance(told, int | float) else PAUSE_SECONDS * 2**attempt
                if attempt == external.retries or asyncio.get_running_loop().time() + pause >= deadline:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, breaker: Breaker, external: ExternalModel, access: Access, inputs: Inputs, seconds: float) -> float:
        if not breaker.closed():
            raise CircuitOpen
        try:
            answer = await self._hub.llm.structured(
                access,
                schema_of(external),
                external.instructions,
                filled(external.prompt, inputs),
                model=external.model,
                max_output_tokens=MOST_TOKENS,
                timeout=max(seconds, 0.001),
                temperature=external.temperature,
            )
        except OUTAGES:
            breaker.failed()
            raise
        except (ProviderError, HubError):
            breaker.succeeded()
            raise
        except asyncio.CancelledError:  # abandoned after its time limit
            breaker.failed()
            raise
        breaker.succeeded()
        return score_of(external, answer)


def _all_failed(cases: Sequence[Case], why: str) -> list[Case]:
    for case in cases:
        case.error = why
    return list(cases)
