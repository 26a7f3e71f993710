"""The product's own application hands WebSockets to its procedures."""

import pytest

from backend.settings import Settings
from rpc.app import create_app
from tests.support.node import Driver
from tests.support.serving import serving
from tests.support.tenants import Tenant


async def test_the_hubs_procedures_answer_over_a_socket(settings: Settings, tenant: Tenant) -> None:
    async with serving(create_app(settings)) as port:
        js = await Driver.start(f"http://127.0.0.1:{port}")
        try:
            answers = await js.run(f"""
                const {{ client, ws }} = sockets({{ connectionParams: {{ token: '{tenant.token}' }} }});
                const me = await client.access.me.query();
                const nobody = sockets();
                const refused = await failure(nobody.client.access.me.query());
                await ws.close();
                await nobody.ws.close();
                return [me.email, refused.data.code];
            """)
        finally:
            await js.stop()
    assert answers == [tenant.email, "UNAUTHORIZED"]


@pytest.mark.parametrize("path", ["/elsewhere", "/rpcs"])
async def test_there_are_no_sockets_elsewhere(settings: Settings, path: str) -> None:
    async with serving(create_app(settings)) as port:
        js = await Driver.start(f"http://127.0.0.1:{port}")
        try:
            assert await js.run(f"const {{ socket }} = await bareSocket('{path}'); return socket.readyState === 1") is False
        finally:
            await js.stop()
