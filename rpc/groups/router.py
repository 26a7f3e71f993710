"""The procedures of groups, in the order of their files."""

from rpc.core import Router
from rpc.groups import comparison, control, definition, log, promotion

groups = Router("groups").joined(definition.groups, control.groups, comparison.groups, promotion.groups, log.groups)
