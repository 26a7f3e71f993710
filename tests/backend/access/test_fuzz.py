"""Random people, roles, tokens, demotions and open connections; `make fuzz-access CASES=20000` runs more of them."""

from backend.hub import Hub
from tests.backend.access.fuzz import cases_asked, report, run, say
from tests.support.tenants import new_tenant

OF_ONE_TENANT = 500


async def test_nobody_ever_does_or_gives_more_than_they_hold(hub: Hub) -> None:
    cases = cases_asked(200)
    violations: list[str] = []
    for seed in range(0, cases, OF_ONE_TENANT):
        violations += await run(hub, await new_tenant(hub), min(OF_ONE_TENANT, cases - seed), seed)
    for one in violations[:20]:
        say(one)
    say(report(cases, violations))
    assert violations == []
