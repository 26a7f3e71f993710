"""Datasets: uploads, decision logs and inference logs, sealed into immutable snapshots."""
