"""Groups: champion, challengers, split, phases, promotion."""
