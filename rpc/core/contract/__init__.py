"""The generated contract: TypeScript types, JSON Schema and a client factory, all read from the declared procedures."""
