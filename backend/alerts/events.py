"""Live events of alerts."""

from backend.declarations.events import EventKind
from schemas.alerts import Alert

ALERT_CHANGED = EventKind(
    "alert.changed", Alert, "An alert changed its state or became more severe. The subject is its kind and subject, the payload the alert."
)
