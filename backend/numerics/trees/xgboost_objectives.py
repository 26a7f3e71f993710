"""XGBoost's objectives with one score per row, by their function of the margin."""

LOGISTIC = {"binary:logistic", "reg:logistic"}
EXPONENTIAL = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}
HINGE = {"binary:hinge"}
LOG_ODDS = {"binary:logitraw"}
IDENTITY = {
    "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror", "reg:expectileerror",
    "binary:logitraw", "rank:pairwise", "rank:ndcg", "rank:map",
}  # fmt: skip
SERVED = LOGISTIC | EXPONENTIAL | HINGE | IDENTITY
