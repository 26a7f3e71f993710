"""The generated contract: TypeScript types, JSON Schema and a client factory, all from the declared procedures."""
