"""The typed procedures, and the only place that knows HTTP."""
