"""Every permission, `scope:resource:action`, and the roles that hold it. One file, alphabetical."""

from collections.abc import Mapping
from enum import StrEnum

from schemas.access import Role


class P(StrEnum):
    """The permissions that a procedure can require. `ANYONE` needs no sign-in; `SIGNED_IN` needs only that."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"

    ACCESS_PERSON_MANAGE = "access:person:manage"
    ACCESS_PERSON_READ = "access:person:read"
    ACCESS_TENANT_MANAGE = "access:tenant:manage"
    ACCESS_TOKEN_MANAGE = "access:token:manage"
    AUDIT_CHAIN_REANCHOR = "audit:chain:reanchor"
    AUDIT_ENTRY_READ = "audit:entry:read"
    CATALOG_MODEL_READ = "catalog:model:read"
    CATALOG_MODEL_WRITE = "catalog:model:write"
    CONNECTOR_CONNECTOR_MANAGE = "connector:connector:manage"
    CONNECTOR_CONNECTOR_READ = "connector:connector:read"
    CONNECTOR_CONNECTOR_USE = "connector:connector:use"
    DATASET_DATASET_MANAGE = "dataset:dataset:manage"
    DATASET_DATASET_READ = "dataset:dataset:read"
    DATASET_DATASET_WRITE = "dataset:dataset:write"
    DATASET_ENTITY_ERASE = "dataset:entity:erase"
    DATASET_ROW_APPEND = "dataset:row:append"
    DATASET_ROW_READ = "dataset:row:read"
    DECISION_GROUP_WRITE = "decision:group:write"
    GROUP_GROUP_DELETE = "group:group:delete"
    GROUP_GROUP_HALT = "group:group:halt"
    GROUP_GROUP_PROMOTE = "group:group:promote"
    GROUP_GROUP_READ = "group:group:read"
    GROUP_GROUP_RESUME = "group:group:resume"
    GROUP_GROUP_WRITE = "group:group:write"
    GROUP_LOG_MANAGE = "group:log:manage"
    INFERENCE_DECISION_WRITE = "inference:decision:write"
    INFERENCE_ENTITY_ERASE = "inference:entity:erase"
    INFERENCE_GROUP_PREDICT = "inference:group:predict"
    INFERENCE_GROUP_READ = "inference:group:read"
    INFERENCE_LETTER_MANAGE = "inference:letter:manage"
    INFERENCE_LOG_IMPORT = "inference:log:import"
    INFERENCE_OUTCOME_WRITE = "inference:outcome:write"
    INFERENCE_VERSION_PREFER = "inference:version:prefer"
    MONITORING_ALERT_HANDLE = "monitoring:alert:handle"
    MONITORING_ALERT_READ = "monitoring:alert:read"
    MONITORING_ALERT_RETAIN = "monitoring:alert:retain"
    SYSTEM_HEALTH_READ = "system:health:read"
    SYSTEM_HOST_READ = "system:host:read"
    SYSTEM_RUN_CANCEL = "system:run:cancel"
    SYSTEM_RUN_READ = "system:run:read"


GRANTABLE = frozenset(P) - {P.ANYONE, P.SIGNED_IN}

READ = frozenset(
    {
        P.CATALOG_MODEL_READ,
        P.DATASET_DATASET_READ,
        P.GROUP_GROUP_READ,
        P.INFERENCE_GROUP_READ,
        P.MONITORING_ALERT_READ,
        P.SYSTEM_HEALTH_READ,
        P.SYSTEM_RUN_READ,
    }
)
OVERSEE = READ | {P.ACCESS_PERSON_READ, P.AUDIT_ENTRY_READ, P.CONNECTOR_CONNECTOR_READ, P.SYSTEM_HOST_READ}
CONNECT = READ | {P.CONNECTOR_CONNECTOR_READ, P.CONNECTOR_CONNECTOR_USE}
BUILD = CONNECT | {
    P.ACCESS_TOKEN_MANAGE,
    P.CATALOG_MODEL_WRITE,
    P.DATASET_DATASET_WRITE,
    P.DATASET_ROW_APPEND,
    P.DATASET_ROW_READ,
    P.DECISION_GROUP_WRITE,
    P.GROUP_GROUP_HALT,
    P.GROUP_GROUP_WRITE,
    P.INFERENCE_DECISION_WRITE,
    P.INFERENCE_GROUP_PREDICT,
    P.INFERENCE_OUTCOME_WRITE,
    P.INFERENCE_VERSION_PREFER,
    P.MONITORING_ALERT_HANDLE,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[P]] = {
    Role.ADMIN: GRANTABLE,
    Role.AUDITOR: OVERSEE,
    Role.CONNECTOR_ADMIN: CONNECT | {P.CONNECTOR_CONNECTOR_MANAGE},
    Role.ENGINEER: BUILD,
    Role.ETHICS_OFFICER: OVERSEE | {P.GROUP_GROUP_HALT, P.MONITORING_ALERT_HANDLE},
    Role.ML_LEAD: BUILD
    | OVERSEE
    | {P.GROUP_GROUP_DELETE, P.GROUP_GROUP_PROMOTE, P.GROUP_GROUP_RESUME, P.GROUP_LOG_MANAGE, P.INFERENCE_LETTER_MANAGE, P.INFERENCE_LOG_IMPORT}
    | {P.DATASET_DATASET_MANAGE, P.SYSTEM_RUN_CANCEL},
    Role.MODEL_RISK: OVERSEE
    | {P.DATASET_DATASET_MANAGE, P.DATASET_ENTITY_ERASE, P.DATASET_ROW_READ}
    | {P.GROUP_GROUP_HALT, P.GROUP_GROUP_RESUME, P.GROUP_LOG_MANAGE, P.INFERENCE_ENTITY_ERASE, P.MONITORING_ALERT_HANDLE, P.MONITORING_ALERT_RETAIN},
    Role.PM: READ | {P.DECISION_GROUP_WRITE, P.GROUP_GROUP_HALT, P.GROUP_GROUP_PROMOTE, P.GROUP_GROUP_RESUME, P.MONITORING_ALERT_HANDLE},
    Role.SERVICE: frozenset({P.DATASET_ROW_APPEND, P.INFERENCE_DECISION_WRITE, P.INFERENCE_GROUP_PREDICT, P.INFERENCE_OUTCOME_WRITE}),
    Role.VALIDATOR: OVERSEE | {P.DATASET_ROW_READ},
    Role.VIEWER: READ,
}
