"""The only way out to a provider. It checks the address, dials it, adds the key, and limits the size of the answer.

A name is resolved once per request, and all its addresses must be public. The connection goes to a checked address, so a name that changes its answer in
between leads nowhere. Redirects are refused. Headers that we did not set (an organisation from the environment, the SDK's facts about the machine) are removed.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
from opentelemetry.trace import SpanKind

from backend import tracing
from backend.connectors.addresses import is_public
from backend.connectors.errors import ProviderAnswerTooLarge, ProviderDown, ProviderRedirected
from backend.connectors.providers import Traits
from backend.connectors.rules import refuse
from backend.ports.secrets import Secret

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""A function from a host to its addresses, as text."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_RESOLVE_SECONDS = 5.0
_SENT = frozenset({"content-type", "content-length", "transfer-encoding", "accept", "user-agent", "idempotency-key"})
"""Headers that may leave, besides the key and the provider's own headers."""


async def resolve(host: str, port: int) -> list[str]:
    """Return a host's addresses by the system's resolver, IPv4 first. Numeric forms in any base become plain addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda info: info[0] != socket.AF_INET)
    return list(dict.fromkeys(str(info[4][0]) for info in ordered))


class AddressGuard:
    """Finds the addresses that may be dialled for a host."""

    def __init__(self, private_hosts: frozenset[str], resolve: Resolve = resolve) -> None:
        """`private_hosts` is the operator's list of `host:port` that may be private."""
        self.private_hosts = private_hosts
        self._resolve = resolve

    async def addresses(self, url: httpx2.URL) -> list[str]:
        """The checked addresses of a URL's host. Raises BaseUrlRefused when any is not public, ProviderDown when the name leads nowhere."""
        port = _port(url)
        host = url.host
        named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError):
            raise ProviderDown(f"The name {host} has no address. Check the base URL, or try again later.") from None
        if named in self.private_hosts:
            return found
        if url.scheme != "https":
            raise refuse("Use https: over http the key would travel unencrypted. Plain http is for hosts listed in TILTYARD_PRIVATE_HOSTS.")
        if not found or not all(is_public(address) for address in found):
            raise refuse(f"{host} has an address that is not public. The operator can allow it: TILTYARD_PRIVATE_HOSTS={named}")
        return found


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends a request with the key to a checked address."""

    def __init__(self, guard: AddressGuard, inner: httpx2.AsyncBaseTransport, traits: Traits, key: Secret) -> None:
        self._guard = guard
        self._inner = inner
        self._traits = traits
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request. Raises BaseUrlRefused, ProviderDown, ProviderRedirected, ProviderAnswerTooLarge, and the transport's own errors."""
        addresses = await self._guard.addresses(request.url)
        host, port = request.url.host, _port(request.url)
        with tracing.span(f"HTTP {request.method}", SpanKind.CLIENT, http__request__method=request.method, server__address=host, server__port=port):
            response = await self._dial(request, addresses)
            tracing.note(http__response__status_code=response.status_code)
        if response.is_redirect or 300 <= response.status_code < 400:
            await response.aclose()
            raise ProviderRedirected
        if response.headers.get("content-encoding", "identity") != "identity":  # the request forbade compression, and the answer could be a decompression bomb
            await response.aclose()
            raise ProviderAnswerTooLarge("The provider compressed its answer although the request forbade it. Check the base URL, or use another provider.")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Capped(response.stream)
        return response

    async def _dial(self, request: httpx2.Request, addresses: list[str]) -> httpx2.Response:
        failure: httpx2.TransportError | None = None
        for address in addresses:
            try:
                return await self._inner.handle_async_request(self._addressed(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:  # nothing was sent, so another address may be tried
                failure = error
        raise failure or httpx2.ConnectError("no address")

    def _addressed(self, request: httpx2.Request, address: str) -> httpx2.Request:
        headers = {name: value for name, value in request.headers.items() if name.lower() in _SENT}
        headers |= dict(self._traits.headers)
        headers |= {
            "host": request.url.netloc.decode("ascii"),
            "accept-encoding": "identity",
            self._traits.key_header: f"{self._traits.key_prefix}{self._key.reveal()}",
        }
        return httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Capped(httpx2.AsyncByteStream):
    """A body of at most `limit` bytes."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            read += len(part)
            if read > MAX_ANSWER_BYTES:
                raise ProviderAnswerTooLarge
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
