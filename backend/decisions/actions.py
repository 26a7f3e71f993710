"""Audit actions of decisions."""

from backend.declarations.actions import AuditAction

DECISIONS_CONFIGURE = AuditAction("decisions.configure", "What a group says of its decisions was changed.")
DECISIONS_SET_VALUE_TABLE = AuditAction("decisions.setValueTable", "A group's value table was set or taken away.")
DECISIONS_TRY_RULE = AuditAction("decisions.tryRule", "Somebody tried a decision rule on a group's logged rows.")
DECISIONS_OVERRIDES = AuditAction("decisions.overrides", "Somebody looked at the override figures of a group.")
MODELS_SET_DECISION_RULE = AuditAction("models.setDecisionRule", "A version with another decision rule was made.")
DECISIONS_EXPLORE = AuditAction("decisions.explore", "Somebody looked at what other cut-offs would have given on a group's logged rows.")
DECISIONS_REQUEST_EXPLORATION = AuditAction("decisions.requestExploration", "Somebody asked to approve a share of would-be declines by lot.")
DECISIONS_APPROVE_EXPLORATION = AuditAction("decisions.approveExploration", "A second person approved an exploration, which began.")
DECISIONS_SPEND_EXPLORATION = AuditAction("decisions.spendExploration", "The last approval of an exploration's budget was made, and it ended.")
DECISIONS_STOP_EXPLORATION = AuditAction("decisions.stopExploration", "An exploration was stopped, or its request withdrawn.")
DECISIONS_TRY_CUTOFF = AuditAction("decisions.tryCutoff", "A version with another cut-off was made and put into a group.")
DECISIONS_SWAP_SET = AuditAction("decisions.swapSet", "Somebody looked at the applications that two versions decide differently.")
