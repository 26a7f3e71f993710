"""Runs: background executions as rows, so that a lost queue loses no work."""
