"""Predictions: routing, serving runtimes, the log, explanations, outcomes, comparison."""
