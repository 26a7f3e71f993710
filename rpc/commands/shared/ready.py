"""The stored sign-in of the first administrator, and the ready file."""

from pathlib import Path

import msgspec

from backend.adapters.processes import write_private
from backend.settings import Settings
from schemas.common import Shape


class SignIn(Shape, frozen=True, kw_only=True):
    """How to sign in. Unknown values are null."""

    email: str | None = None
    password: str | None = None
    token: str | None = None


class Ready(SignIn, frozen=True, kw_only=True):
    """The ready file: everything an outside client or an inspection needs."""

    url: str
    database_url: str
    redis_url: str


def kept_access(data_dir: Path) -> SignIn:
    """Return the stored access of the first administrator; empty when unknown."""
    path = _path(data_dir)
    return msgspec.json.decode(path.read_bytes(), type=SignIn) if path.exists() else SignIn()


def keep_access(data_dir: Path, access: SignIn) -> None:
    """Store the email in the data folder, without any secret."""
    write_private(_path(data_dir), msgspec.json.encode(SignIn(email=access.email)).decode())


def write_ready_file(path: Path, settings: Settings, access: SignIn) -> None:
    """Write the ready file in one step, mode 0600: readers see all of it or none."""
    assert settings.database_url
    assert settings.redis_url
    ready = Ready(
        url=settings.url,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        email=access.email,
        password=access.password,
        token=access.token,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, msgspec.json.format(msgspec.json.encode(ready), indent=2).decode() + "\n")


def remove_ready_file(path: Path) -> None:
    """Remove the ready file of an earlier start."""
    path.unlink(missing_ok=True)


def _path(data_dir: Path) -> Path:
    return data_dir / "secrets" / "first-administrator.json"
