"""Addresses of PostgreSQL as providers hand them out: read alike by every way into the database, and refused in a sentence without the password."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.adapters.external import check_postgres
from backend.adapters.processes import SetupError
from backend.db.addresses import BadAddress, app_url, connect, database_name, program_environment, read
from backend.db.engine import make_engine
from migrations.apply import current_revision
from migrations.current import is_current
from tests.conftest import SECRET
from tests.support import servers

PASSWORD = "p@ss:w/rd#1?%&+ x"
OWNER = f"postgresql://owner:{quote(PASSWORD, safe='')}@db.example:5433/the%20base"


@pytest.mark.parametrize(
    "query", ["", "?sslmode=require", "?connect_timeout=10", "?application_name=hub", "?options=-csearch_path%3Dpublic", "?channel_binding=prefer"]
)
def test_what_providers_hand_out_is_read(query: str) -> None:
    said = program_environment(OWNER + query)
    assert (said["PGHOST"], said["PGPORT"], said["PGUSER"], said["PGPASSWORD"]) == ("db.example", "5433", "owner", PASSWORD)
    assert database_name(OWNER + query) == "the base"
    app = urlsplit(app_url("key", OWNER + query))
    assert (app.username, app.hostname, app.port, app.path) == ("tiltyard_app", "db.example", 5433, "/the%20base")
    assert program_environment(app_url("key", OWNER + query)).keys() == said.keys()


def test_parameters_reach_each_way_in() -> None:
    said = OWNER + "?sslmode=require&connect_timeout=7&application_name=hub&options=-csearch_path%3Dpublic&channel_binding=disable"
    assert read(said).seconds == 7
    assert "connect_timeout" not in read(said).url
    assert "channel_binding" not in read(said).url
    env = program_environment(said)
    assert (env["PGSSLMODE"], env["PGCONNECT_TIMEOUT"], env["PGAPPNAME"], env["PGOPTIONS"]) == ("require", "7", "hub", "-csearch_path=public")
    assert "sslcert" not in app_url("key", OWNER + "?sslmode=require&sslcert=/owner.pem&sslkey=/owner.key")
    assert program_environment("postgresql://o:p@a:1,[::1]:2/d")["PGHOST"] == "a,::1"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (OWNER + "?channel_binding=require", "channel_binding=require cannot be met"),
        (OWNER + "?sslmode=require&channel_binding=require", "channel_binding=require cannot be met"),
        (OWNER + "?ssl=require", "Write sslmode="),
        (OWNER.replace("postgresql:", "postgresql+asyncpg:"), "Write postgresql:// in place of postgresql+asyncpg://"),
        ("mysql://owner@host/db", "must start with postgresql://"),
        (f"postgresql://owner:{PASSWORD}@db.example/db", "percent-encoded"),
        ("postgresql://owner:p@ss@db.example/db", "percent-encoded"),
        ("postgresql://owner:pa/ss@db.example/db", "percent-encoded"),
        ("postgresql://owner:pa#ss@db.example/db", "percent-encoded"),
        ("postgresql://owner:50%@db.example/db", "percent-encoded"),
        ("postgresql://owner:pa ss@db.example/db", "percent-encoded"),
        ("postgresql://owner:secret@db.example:many/db", "The port must be a number"),
        (OWNER + "?sslmode=always", "sslmode must be one of disable, allow"),
        (OWNER + "?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem, which is no readable file"),
        (OWNER + "?connect_timeout=soon", "connect_timeout must be a number"),
        (OWNER + "?pool_size=10", "The parameter 'pool_size' is not supported"),
    ],
)
async def test_what_cannot_be_kept_is_refused_in_a_sentence_by_each_way_in(url: str, words: str) -> None:
    with pytest.raises(SetupError) as refused:
        await check_postgres(url)
    for way in (lambda: make_engine(url), lambda: app_url("key", url), lambda: program_environment(url)):
        with pytest.raises(BadAddress) as bad:
            way()
        assert words in bad.value.message
    said = str(refused.value)
    assert words in said
    assert said.startswith("TILTYARD_DATABASE_URL cannot be used. ")
    assert not any(part in said for part in ("ss:w", "p@ss", "pa/ss", "pa#ss", "50%@", "secret", quote(PASSWORD, safe="")))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, private = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return pem, private


@asynccontextmanager
async def tls_only(url: str, pem: Path, private: Path) -> AsyncIterator[int]:
    """The port of a server in front of PostgreSQL that takes TLS connections only."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, private)
    parts = urlsplit(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.IncompleteReadError):
            if await reader.readexactly(8) != b"\x00\x00\x00\x08\x04\xd2\x16\x2f":  # an SSLRequest
                writer.close()
                return
            writer.write(b"S")
            await writer.start_tls(context)
            behind = await asyncio.open_connection(parts.hostname, parts.port)
            await asyncio.gather(pump(reader, behind[1]), pump(behind[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_tls_is_spoken_by_every_way_in(tmp_path: Path, worker_number: int, template_database: str) -> None:
    url = servers.database_url(f"tls_{worker_number}", template=template_database)
    pem, private = certificate(tmp_path)
    async with tls_only(url, pem, private) as port:
        at = urlsplit(url)

        def through(host: str, query: str) -> str:
            return at._replace(netloc=f"{at.netloc.rpartition('@')[0]}@{host}:{port}", query=query).geturl()

        for query in ("sslmode=require", f"sslmode=verify-full&sslrootcert={pem}&application_name=hub&connect_timeout=30"):
            given = through("localhost", query)
            await check_postgres(given)
            assert await is_current(given, SECRET)
            assert await current_revision(given)
            control = await connect(app_url(SECRET, given))
            assert await control.fetchval("SELECT current_user") == "tiltyard_app"
            await control.close()
            engine = make_engine(app_url(SECRET, given))
            async with engine.connect() as connection:
                assert await connection.exec_driver_sql("SELECT 1")
            await engine.dispose()
        with pytest.raises(SetupError, match=r"The certificate of PostgreSQL at 127\.0\.0\.1"):
            await check_postgres(through("127.0.0.1", f"sslmode=verify-full&sslrootcert={pem}"))
        with pytest.raises(SetupError, match=r"does not answer|answers"):
            await check_postgres(through("127.0.0.1", "sslmode=disable"))
    with pytest.raises(SetupError, match="offers no TLS"):
        await check_postgres(url + "?sslmode=require")
    servers.drop_database(f"tls_{worker_number}")


async def test_names_in_advice_are_quoted(worker_number: int) -> None:
    name, owner = f"od-d_{worker_number}", f"Some One {worker_number}"
    url = servers.database_url(name)
    servers.superuser(f"CREATE ROLE \"{owner}\" LOGIN PASSWORD 'x'")
    try:
        with pytest.raises(SetupError, match=f'ALTER DATABASE "{name}" OWNER TO "{owner}";'):
            await check_postgres(url.replace(url.split("//")[1].split("@")[0], f"{quote(owner)}:x"))
    finally:
        servers.drop_database(name)
        servers.superuser(f'DROP ROLE "{owner}"')
