"""Reasons to refuse a sound XGBoost file."""


class UnsupportedTrees(ValueError):
    """The model is sound, but Tiltyard does not serve its kind."""
