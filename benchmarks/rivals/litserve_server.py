"""The model behind LitServe: `python litserve_server.py MODEL PORT`, run in LitServe's environment."""

import sys
from typing import Any

import lightgbm
import litserve
import numpy as np


class Scorer(litserve.LitAPI):
    """Takes one row and returns its score."""

    def setup(self, device: str) -> None:
        """Load the model."""
        self.booster = lightgbm.Booster(model_file=sys.argv[1])

    def decode_request(self, request):  # type: ignore[no-untyped-def]
        """Return the row as a matrix. It has no annotations, which LitServe would read as the request's shape."""
        return np.array([request["row"]])

    def predict(self, x: Any) -> Any:
        """Return the score of a matrix."""
        return self.booster.predict(x, num_threads=1)

    def encode_response(self, output: Any) -> Any:
        """Return the score."""
        return {"score": float(output[0])}


if __name__ == "__main__":
    server = litserve.LitServer(Scorer(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, log_level="error", generate_client_file=False, access_log=False)
