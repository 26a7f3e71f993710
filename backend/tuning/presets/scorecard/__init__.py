"""Scorecards: monotone bins per input, a logistic regression on their weights of evidence, and points."""
