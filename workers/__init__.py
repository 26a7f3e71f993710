"""ARQ workers: thin jobs around the domain's use cases."""
