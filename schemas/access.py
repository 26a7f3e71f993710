"""Tenants, people, sessions, API tokens."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.common import Name, Shape


class Role(StrEnum):
    """A person's role in a tenant. backend/access/permissions.py lists the permissions of each."""

    ADMIN = "admin"
    CONNECTOR_ADMIN = "connector_admin"
    ENGINEER = "engineer"
    ML_LEAD = "ml_lead"
    ETHICS_OFFICER = "ethics_officer"
    PM = "pm"
    VALIDATOR = "validator"
    MODEL_RISK = "model_risk"
    AUDITOR = "auditor"
    VIEWER = "viewer"
    SERVICE = "service"


Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$(?!\n)", max_length=254)]
Password = Annotated[str, msgspec.Meta(min_length=12, max_length=200)]


class SignIn(Shape, frozen=True, kw_only=True):
    """An attempt to sign in."""

    email: Email
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    tenant: Name | None = None
    """The tenant's name; needed only if one email and password belong to people of several tenants."""


class Me(Shape, frozen=True, kw_only=True):
    """The caller: the person or token, its tenant, and its permissions."""

    person_id: UUID | None
    email: str | None
    name: str
    tenant_id: UUID
    tenant_name: str
    roles: list[Role]
    permissions: list[str]


class TenantTimeZone(Shape, frozen=True, kw_only=True):
    """The time zone of a tenant's schedules. `own` is the tenant's setting; null means the hub's."""

    own: str | None
    hub: str


class SetTimeZone(Shape, frozen=True, kw_only=True):
    """A time zone by its IANA name (`Europe/Berlin`); null for the hub's."""

    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None


class Person(Shape, frozen=True, kw_only=True):
    """A person of a tenant."""

    id: UUID
    email: Email
    name: Name
    roles: list[Role]
    created_at: datetime
    disabled: bool


class CreatePerson(Shape, frozen=True, kw_only=True):
    """A new person. They may change the password."""

    email: Email
    name: Name
    password: Password
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]


class PersonRef(Shape, frozen=True, kw_only=True):
    """A person, by id."""

    person_id: UUID


class SetRoles(Shape, frozen=True, kw_only=True):
    """A person's new roles, replacing the old."""

    person_id: UUID
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]


class ChangePassword(Shape, frozen=True, kw_only=True):
    """A change of the caller's own password. The old one proves who it is."""

    current: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    new: Password


class Token(Shape, frozen=True, kw_only=True):
    """An API token as listed: never its secret."""

    id: UUID
    name: Name
    prefix: str
    scopes: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class CreateToken(Shape, frozen=True, kw_only=True):
    """A new token: `scopes` are permissions (`inference:group:predict`), or `*` for all permissions of its maker."""

    name: Name
    scopes: Annotated[list[str], msgspec.Meta(min_length=1)]
    expires_in_days: Annotated[int, msgspec.Meta(ge=1, le=730)] | None = 90


class CreatedToken(Shape, frozen=True, kw_only=True):
    """A new token. `secret` is shown only here and stored only as a hash."""

    token: Token
    secret: str


class TokenRef(Shape, frozen=True, kw_only=True):
    """A token, by id."""

    token_id: UUID
