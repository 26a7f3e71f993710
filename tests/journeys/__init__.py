"""The product used end to end: its own processes, its public interfaces, a real browser."""
