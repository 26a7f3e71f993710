"""Pure mathematics on arrays: no database, no network, no clock."""
