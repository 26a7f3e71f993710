"""What a sound XGBoost file can be refused for."""


class UnsupportedTrees(ValueError):
    """The model is sound but of a kind that is not served."""
