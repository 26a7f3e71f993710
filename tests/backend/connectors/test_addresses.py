"""Where a base URL given by a user may lead."""

import pytest

from backend.adapters.guarded_transport import AddressGuard, resolve
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.connectors.addresses import is_public
from backend.connectors.errors import BaseUrlRefused, ProviderDown, ProviderRedirected
from backend.connectors.rules import base_url_of, normal_url, origin
from backend.ports.secrets import Access, Secret
from schemas.connectors import Provider
from tests.backend.connectors.conftest import KEY, PUBLIC
from tests.support.openai_server import Fault, OpenAiServer

HOSTS = (
    "127.0.0.1", "127.1", "127.255.255.254", "localhost", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:10.0.0.1]",
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200", "198.18.0.1",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "169.254.170.2",
    "168.63.129.16", "192.0.0.192", "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]", "[fec0::1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:53aa:64c::1]",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "203.0.113.7", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]",
)  # fmt: skip
"""Loopback, private, link-local, metadata, mapped, NAT64, 6to4, Teredo, multicast, documentation; decimal, octal and hexadecimal forms of them."""

ANSWERS = {
    "mixed.example.com": [PUBLIC, "10.0.0.1"],
    "mixed-order.example.com": ["169.254.169.254", PUBLIC],
    "inside.example.com": ["192.168.0.10"],
    "metadata.google.internal": ["169.254.169.254"],
    "six.example.com": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "fd00:ec2::254"],
    "empty.example.com": [],
}

ODD_URLS = (
    "https://user:secret@models.example.com/v1", "https://models.example.com@10.0.0.1/v1", "https://models.example.com/v1?next=http://10.0.0.1",
    "https://models.example.com/v1#x", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "https://", "https:///v1", "ftp://models.example.com/",
    "https://models.example.com:99999/v1", "https://mod els.example.com/v1", "https://models.example.com\\@10.0.0.1/", "https://[::1", "https://①②⑦.⓪.⓪.①/v1",
    "https://models.example.com/v1/../../admin", "https://models.example.com/v1%2f..", "https://[fe80::1%25eth0]/v1", "not a url", "//models.example.com/v1",
)  # fmt: skip


def reaching(provider: OpenAiServer, answers: dict[str, list[str]], allowed: str = "") -> OpenAiCompatible:
    async def names(host: str, port: int) -> list[str]:
        return answers[host] if host in answers else await resolve(host, port)

    return OpenAiCompatible(AddressGuard(frozenset(filter(None, [allowed])), names), provider.transport)


async def attempt(llm: OpenAiCompatible, url: str) -> None:
    """What a create and then a call do with the URL."""
    normal = base_url_of(Provider.COMPATIBLE, url, frozenset())
    await llm.check(normal)
    await llm.models(Access(provider="compatible", base_url=normal, key=Secret(KEY)))


@pytest.mark.parametrize("host", [*HOSTS, *ANSWERS])
async def test_a_base_url_that_leads_inside_is_refused_and_nothing_is_sent(provider: OpenAiServer, host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises((BaseUrlRefused, ProviderDown)):
            await attempt(reaching(provider, ANSWERS), f"{scheme}://{host}/v1")
    assert provider.asked == []


@pytest.mark.parametrize("host", [*HOSTS, *ANSWERS])
async def test_a_stored_url_that_leads_inside_is_refused_at_the_call_too(provider: OpenAiServer, host: str) -> None:
    """Whatever was stored, and however: the way out checks for itself."""
    with pytest.raises((BaseUrlRefused, ProviderDown)) as refused:
        await reaching(provider, ANSWERS).models(Access("compatible", f"https://{host}:8443/v1", Secret(KEY)))
    assert KEY not in str(refused.value)
    assert provider.asked == []


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_base_url_is_plain_or_refused_with_the_place(url: str) -> None:
    with pytest.raises(BaseUrlRefused) as refused:
        base_url_of(Provider.COMPATIBLE, url, frozenset())
    assert refused.value.issues[0].pointer == "/base_url"


def test_the_list_is_long_enough() -> None:
    assert len(HOSTS) + len(ANSWERS) >= 40


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", PUBLIC, "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "172.32.0.1", "100.63.255.255"])
def test_a_public_address_is_public_in_every_form_a_network_gives_it(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_changes_its_answer_after_the_check_leads_nowhere(provider: OpenAiServer) -> None:
    dialled: list[str] = []
    answers = iter([[PUBLIC], [PUBLIC], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    inner = provider.transport()

    class Watched(type(inner)):  # type: ignore[misc]  # the class is only known here
        async def handle_async_request(self, request):  # type: ignore[no-untyped-def]
            dialled.append(request.url.host)
            return await super().handle_async_request(request)

    llm = OpenAiCompatible(AddressGuard(frozenset(), rebinding), lambda: Watched(provider))
    access = Access("compatible", "https://rebind.example.com/v1", Secret(KEY))
    await llm.check(access.base_url)
    assert await llm.models(access)
    assert dialled == [PUBLIC], "the checked address is the one dialled, not the name"
    assert provider.asked[0].headers["host"] == "rebind.example.com"
    with pytest.raises(BaseUrlRefused):
        await llm.models(access)
    assert dialled == [PUBLIC]


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/meta-data/", "https://models.example.com/v2/models", "http://127.0.0.1:6379/"])
async def test_a_redirect_is_never_followed(provider: OpenAiServer, llm: OpenAiCompatible, access: Access, location: str) -> None:
    provider.fail(Fault.REDIRECT, location=location)
    with pytest.raises(ProviderRedirected):
        await llm.models(access)
    assert len(provider.asked) == 1


async def test_a_private_host_of_the_operators_list_is_called_and_only_on_its_port(provider: OpenAiServer) -> None:
    llm = reaching(provider, {}, allowed="127.0.0.1:8000")
    assert await llm.models(Access("compatible", "http://127.0.0.1:8000/v1", Secret(KEY)))
    for url in ("http://127.0.0.1:8001/v1", "https://127.0.0.1/v1", "http://localhost:8000/v1", "http://[::1]:8000/v1"):
        with pytest.raises(BaseUrlRefused):
            await llm.models(Access("compatible", url, Secret(KEY)))


def test_plain_http_is_for_hosts_of_the_operators_list() -> None:
    assert base_url_of(Provider.COMPATIBLE, "http://ollama.lan:11434/v1/", frozenset({"ollama.lan:11434"})) == "http://ollama.lan:11434/v1"
    with pytest.raises(BaseUrlRefused, match="unencrypted"):
        base_url_of(Provider.COMPATIBLE, "http://ollama.lan:11434/v1", frozenset())


def test_a_known_provider_has_its_own_address() -> None:
    assert base_url_of(Provider.OPENAI, None, frozenset()) == "https://api.openai.com/v1"
    with pytest.raises(BaseUrlRefused):
        base_url_of(Provider.OPENAI, "https://models.example.com/v1", frozenset())


def test_urls_that_mean_the_same_have_one_form_and_one_origin() -> None:
    assert normal_url("HTTPS://Models.Example.com:443/v1/") == normal_url("https://models.example.com/v1") == "https://models.example.com/v1"
    assert origin("https://models.example.com/v1") == "https://models.example.com:443"
    assert origin("https://models.example.com:8443/v1") != origin("https://models.example.com/v1")
