"""A provider within the process, and a hub whose connectors reach it."""

import dataclasses
import secrets
import socket
from collections.abc import AsyncIterator

import pytest

from backend.adapters.guarded_transport import AddressGuard, resolve
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.adapters.vault import AesVault, LocalKeys, new_key
from backend.hub import Hub
from backend.ports.secrets import Access, Secret
from tests.support.openai_server import OpenAiServer
from tests.support.openai_server.__main__ import serve

KEY = "sk-proj-Zk3vQ9mW7xR2tY8uL5nB1cD4"
PUBLIC = "93.184.215.14"
URL = "https://models.example.com/v1"


@pytest.fixture
def provider() -> OpenAiServer:
    return OpenAiServer({KEY})


@pytest.fixture
def llm(provider: OpenAiServer) -> OpenAiCompatible:
    """The adapter with the provider at every public address: names are resolved to one, numbers as always."""

    async def public(host: str, port: int) -> list[str]:
        return [PUBLIC] if host[-1].isalpha() else await resolve(host, port)

    return OpenAiCompatible(AddressGuard(frozenset(), public), provider.transport)


@pytest.fixture
def access() -> Access:
    return Access(provider="compatible", base_url=URL, key=Secret(KEY))


@pytest.fixture
def kek() -> str:
    """A key-encryption key under a version that no other test has."""
    return new_key(secrets.randbelow(2**30) + 2)


@pytest.fixture
def vault(kek: str) -> AesVault:
    return AesVault(LocalKeys(kek))


@pytest.fixture
def hub(hub: Hub, vault: AesVault, llm: OpenAiCompatible) -> Hub:
    return dataclasses.replace(hub, vault=vault, llm=llm)


@pytest.fixture
async def address(provider: OpenAiServer) -> AsyncIterator[str]:
    """`host:port` of the same provider over real sockets."""
    listening = await serve(provider, 0)
    host, port = listening.sockets[0].getsockname()
    yield f"{host}:{port}"
    listening.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
