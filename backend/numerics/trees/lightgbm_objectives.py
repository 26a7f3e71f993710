"""LightGBM's objectives, by what their scores are."""

PROBABILITIES = {"binary", "cross_entropy"}
"""Objectives whose scores are the probability of a class. That of `cross_entropy_lambda` is an intensity, log(1 + exp(margin)), without an upper end."""
