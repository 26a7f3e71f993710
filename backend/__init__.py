"""The domain. It knows no web framework and no queue: these are adapters behind the ports."""
