"""Pure rules of access: secrets, hashes, scopes."""

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.access.permissions import GRANTABLE, ROLE_PERMISSIONS, P
from schemas.access import Role

TOKEN_PREFIX = "tyd_"
_hasher = PasswordHasher()
_FOLDING = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(email: str) -> str:
    """Return an email for comparison: A to Z in lower case, everything else unchanged. PostgreSQL's `lower(email COLLATE "C")` gives the same.

    >>> folded("Ada@Example.ORG"), folded("İ@example.org")
    ('ada@example.org', 'İ@example.org')
    """
    return email.translate(_FOLDING)


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits, in letters that need no quoting."""
    return prefix + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """Return the SHA-256. It suffices because the secrets are random."""
    return hashlib.sha256(secret.encode()).digest()


def hash_password(password: str) -> str:
    """Hash with argon2id and the library's current parameters (RFC 9106, low memory)."""
    return _hasher.hash(password)


@cache
def nobodys_hash() -> str:
    """Return a hash to verify against when the email is unknown, so that the check takes as long as for a wrong password."""
    return _hasher.hash("nobody has this password")


def password_matches(stored: str, password: str) -> bool:
    """Return whether the password fits the stored hash."""
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def permissions_of(roles: Iterable[Role]) -> frozenset[P]:
    """Return all permissions of the roles together."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that name no permission."""
    return [scope for scope in scopes if scope != "*" and scope not in GRANTABLE]


def scoped(held: frozenset[P], scopes: Iterable[str]) -> frozenset[P]:
    """Return what a token may do: its scopes, as far as its maker still holds them."""
    wanted = set(scopes)
    return held if "*" in wanted else frozenset(permission for permission in held if permission in wanted)


def beyond(roles: Iterable[Role], had: Iterable[Role], held: frozenset[P]) -> list[P]:
    """Return the names of the permissions that the new roles add and the giver does not hold."""
    return sorted(permissions_of(roles) - permissions_of(had) - held)


def device_cookie(key: str, email: str, nonce: str) -> str:
    """Return the cookie of a browser that signed in with this email: `nonce.mac`. Nobody can make one without the installation's secret."""
    mac = hmac.new(key.encode(), f"device:{folded(email)}:{nonce}".encode(), hashlib.sha256).hexdigest()
    return f"{nonce}.{mac}"


def known_device(key: str, email: str, cookie: str | None) -> str | None:
    """Return the nonce of a device cookie made for this email; None for any other cookie."""
    nonce, dot, _ = (cookie or "").partition(".")
    if not dot or not nonce.isascii() or not (cookie or "").isascii():
        return None
    return nonce if hmac.compare_digest(device_cookie(key, email, nonce), cookie or "") else None
