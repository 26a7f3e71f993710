"""The embedded servers' folder, secrets and ports, and the lock that gives them one supervisor."""

import fcntl
import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backend.adapters.embedded_programs import server_user, traversable
from backend.adapters.processes import Progress, SetupError, User, write_private

SHARED = Path("/var/lib/tiltyard")
"""The place of server folders when the servers' account cannot enter the data folder."""

PRIVATE = ("archives", "artifacts", "audit-heads", "cache", "logs", "quarantine", "secrets")
"""Folders of the data folder that only their owner may enter."""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Passwords and ports of the embedded servers, kept in `secrets/servers.json` with mode 0600."""

    superuser_password: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    owner_password: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    redis_password: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    postgres_port: int | None = None
    redis_port: int | None = None
    created: bool = False
    """Whether the database and its owner exist."""


@dataclass(frozen=True)
class Home:
    """The folders of one installation's servers."""

    data_dir: Path
    servers: Path
    user: User | None

    @property
    def cluster(self) -> Path:
        """The folder of the PostgreSQL cluster."""
        return self.servers / "postgres"

    @property
    def redis(self) -> Path:
        """Redis's working folder: configuration, pid and append-only file."""
        return self.servers / "redis"

    @property
    def logs(self) -> Path:
        """The folder of the servers' own logs."""
        return self.data_dir / "logs"


def prepare_data_dir(data_dir: Path) -> Path:
    """Return the data folder, absolute and existing. A new folder lets the servers' account pass through, but not list it."""
    data_dir = data_dir.expanduser().resolve()
    try:
        if not data_dir.exists():
            for missing in reversed([folder for folder in data_dir.parents if not folder.exists()]):
                missing.mkdir(mode=0o755)
                missing.chmod(0o755)
            data_dir.mkdir(0o700)
            data_dir.chmod(0o711 if server_user() else 0o700)
        for name in ("logs", "secrets"):
            (data_dir / name).mkdir(mode=0o700, exist_ok=True)
        for name in PRIVATE:
            if (data_dir / name).is_dir() and (data_dir / name).stat().st_mode & 0o077:  # made by an earlier release
                (data_dir / name).chmod(0o700)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise SetupError(f"The data folder {data_dir} cannot be used: {error.strerror} at {error.filename}. Choose another folder with --data-dir.") from error
    return data_dir


def open_home(data_dir: Path, progress: Progress, shared: Path = SHARED) -> Home:
    """Return the servers' folder: inside the data folder if their account can reach it, else under `shared` with a pointer to it."""
    user = server_user()
    pointer = data_dir / "servers.path"
    if pointer.exists():
        servers = Path(pointer.read_text(encoding="utf-8").strip())
        if not servers.exists():
            raise SetupError(
                f"{pointer} names the servers' folder {servers}, which does not exist. Restore it, or delete {pointer} to start with an empty database."
            )
    elif user is None or (data_dir / "servers").exists() or traversable(data_dir, user):
        servers = data_dir / "servers"
        servers.mkdir(mode=0o711, exist_ok=True)
        if user:
            servers.chmod(0o711)
    else:
        servers = _place_outside(data_dir, shared, progress)
        write_private(pointer, f"{servers}\n")
    return Home(data_dir=data_dir, servers=servers, user=_owner_of(servers / "postgres", user))


def read_keys(data_dir: Path) -> Keys | None:
    """Return the servers' keys; None before the first start."""
    path = _keys_path(data_dir)
    return msgspec.json.decode(path.read_bytes(), type=Keys) if path.exists() else None


def write_keys(data_dir: Path, keys: Keys) -> None:
    """Store the servers' keys."""
    write_private(_keys_path(data_dir), msgspec.json.encode(keys).decode())


class DataLock:
    """The lock that allows one supervisor per data folder. The kernel releases it when the process ends, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises SetupError when another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise SetupError(
                f"Tiltyard already runs on the data folder {self._path.parent} (process {holder}). Stop it first, or choose another folder with --data-dir."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Release the lock. The file stays: after a deletion two processes could lock two files of one name."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def locked(data_dir: Path) -> bool:
    """Return whether a supervisor owns this data folder now."""
    lock = DataLock(data_dir)
    try:
        lock.acquire()
    except SetupError:
        return True
    lock.release()
    return False


def _keys_path(data_dir: Path) -> Path:
    return data_dir / "secrets" / "servers.json"


def _owner_of(cluster: Path, user: User | None) -> User | None:
    """Return the owner of an existing cluster: root keeps running it as that account, which may differ from `nobody`."""
    if user is None or not cluster.exists():
        return user
    status = cluster.stat()
    return User(status.st_uid, status.st_gid) if status.st_uid != 0 else user


def _place_outside(data_dir: Path, shared: Path, progress: Progress) -> Path:
    if not shared.exists():
        shared.mkdir(parents=True)
        shared.chmod(0o755)
    servers = shared / hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    if servers.exists():
        aside = servers.with_name(f"{servers.name}.{int(time.time())}")
        servers.rename(aside)
        progress(f"An earlier database of this data folder is set aside in {aside}; nothing uses it any more. Delete it when you do not need it.")
    servers.mkdir(mode=0o711)
    servers.chmod(0o711)
    (servers / "belongs-to").write_text(f"{data_dir}\n", encoding="utf-8")
    progress(f"The servers' account cannot enter {data_dir}, so the database is kept in {servers}.")
    return servers
