"""The procedures of groups, each file's in this order."""

from rpc.core import Router
from rpc.groups import comparison, control, definition, log, promotion

groups = Router("groups").joined(definition.groups, control.groups, comparison.groups, promotion.groups, log.groups)
