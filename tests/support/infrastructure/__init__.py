"""Real servers that a hub stands behind or on: proxies, poolers, object storage, Redis of other versions."""
