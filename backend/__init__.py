"""The domain. Knows no web framework and no queue: those are adapters behind the ports."""
