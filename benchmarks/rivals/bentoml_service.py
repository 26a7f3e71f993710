"""The model behind BentoML: `MODEL=… bentoml serve bentoml_service:Scorer`, run in BentoML's environment."""

import os

import bentoml
import lightgbm
import numpy as np


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Scorer:
    """Takes one row and returns its score."""

    def __init__(self) -> None:
        self.booster = lightgbm.Booster(model_file=os.environ["MODEL"])

    @bentoml.api
    async def score(self, row: list[float]) -> float:
        """Return the score of a row; on the event loop, which is fastest for a model this small."""
        return float(self.booster.predict(np.array([row]), num_threads=1)[0])
