"""Save the model as MLflow serves it: `python mlflow_model.py MODEL FOLDER`, run in MLflow's environment."""

import sys

import lightgbm
import mlflow.lightgbm

if __name__ == "__main__":
    mlflow.lightgbm.save_model(lightgbm.Booster(model_file=sys.argv[1]), sys.argv[2])
