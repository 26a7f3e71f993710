"""Fixtures of every test: a hub on the run's real servers, in a database of the worker's own, and a tenant of the test's own."""

import fcntl
import gc
import os
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from backend.adapters.vault import new_key
from backend.bootstrap import open_hub
from backend.db.addresses import app_url
from backend.hub import Hub
from backend.settings import Settings
from migrations.apply import migrate_blocking
from tests.support import servers
from tests.support.line import Wire
from tests.support.served import Served, make_served
from tests.support.tenants import Tenant, new_tenant

SECRET = "the secret of a test run"
collect_ignore = ["support"]
"""Helpers, and the files of a slice that a test adds to a copy of the project."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test marked `busy` is tried again, twice; anything else that fails, fails."""
    if config.pluginmanager.hasplugin("rerunfailures"):
        for item in items:
            if item.get_closest_marker("busy"):
                item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collect no garbage while a failure is told. CPython's parser must not be entered twice (gh-106905), and a finalizer that logs its traceback would."""
    collecting = gc.isenabled() and call.excinfo is not None
    if collecting:
        gc.disable()
    try:
        return (yield)
    finally:
        if collecting:
            gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.prepare()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.finish()


@pytest.fixture(scope="session")
def worker_number() -> int:
    """Which xdist worker this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def template_database() -> str:
    """A migrated database, made once a run, that others are copied from."""
    folder = Path(os.environ["TILTYARD_TEST_SERVERS"])
    with (folder / "migrating").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        done = folder / "migrated"
        if not done.exists():
            migrate_blocking(servers.database_url("migrated"), SECRET)
            done.touch()
    return "migrated"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, worker_number: int, template_database: str) -> Settings:
    """Settings of this worker's hub."""
    return Settings(
        data_dir=tmp_path_factory.mktemp("hub"),
        database_url=servers.database_url(f"hub_{worker_number}", template=template_database),
        redis_url=servers.redis_url(worker_number + 1),
        secret_key=SECRET,
        log_guarantee="standard",  # the tests' Redis keeps nothing on disk
        kek=new_key(1),
    )


@pytest.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """A hub as a process of the product has it."""
    async with open_hub(settings) as opened:
        yield opened


@pytest.fixture
async def wire(settings: Settings) -> AsyncIterator[Wire]:
    """The way to this worker's PostgreSQL, which can be cut."""
    assert settings.database_url
    assert settings.secret_key
    async with Wire(app_url(settings.secret_key, settings.database_url)) as one:
        yield one


@pytest.fixture
async def tenant(hub: Hub) -> Tenant:
    """A tenant of the test's own."""
    return await new_tenant(hub)


@pytest.fixture
async def other_tenant(hub: Hub) -> Tenant:
    """Somebody else's tenant."""
    return await new_tenant(hub)


@pytest.fixture(scope="session")
def served(settings: Settings) -> Served:
    """Two versions that every test of this process may put into groups of its own."""
    return make_served(settings)
