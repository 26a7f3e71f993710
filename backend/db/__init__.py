"""PostgreSQL: engine, metadata, tenancy."""
