"""How well scores tell the positive class from the negative."""

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.estimate import LEVEL, Estimate, Floats, labels_and_scores, logit_interval, nothing


def roc_auc(actual: ArrayLike, score: ArrayLike, level: float = LEVEL) -> Estimate:
    """The area under the ROC curve: the chance that a positive scores above a negative, a tie counting half.

    Interval: DeLong, DeLong, Clarke-Pearson (1988), by mid-ranks (Sun, Xu 2014), symmetric in log-odds. None with one class only.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.75
    """
    truth, scores = labels_and_scores(actual, score)
    positives, negatives = scores[truth], scores[~truth]
    m, n = len(positives), len(negatives)
    if m == 0 or n == 0:
        return nothing(m + n)
    ranks = midranks(scores)
    placed_positive = (ranks[truth] - midranks(positives)) / n
    placed_negative = 1 - (ranks[~truth] - midranks(negatives)) / m
    value = float(placed_positive.mean())
    if min(m, n) < 2:
        return Estimate(value, None, None, m + n)
    error = float(np.sqrt(placed_positive.var(ddof=1) / m + placed_negative.var(ddof=1) / n))
    low, high = logit_interval(value, error, level, min(m, n))
    return Estimate(value, low, high, m + n)


def pr_auc(actual: ArrayLike, score: ArrayLike, level: float = LEVEL) -> Estimate:
    """Average precision: the area under the precision-recall curve in steps, without interpolation.

    Interval: normal in log-odds with error 1/sqrt(positives · AP · (1 - AP)) (Boyd, Eng, Page 2013). None without positives.

    >>> round(pr_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 4)
    0.8333
    """
    truth, scores = labels_and_scores(actual, score)
    positives = int(truth.sum())
    if positives == 0:
        return nothing(len(truth))
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(truth[order])[ends]
    gained = np.diff(hits, prepend=0)
    value = float((gained * hits / (ends + 1)).sum() / positives)
    error = float(np.sqrt(max(value * (1 - value), 0.0) / positives))
    low, high = logit_interval(min(value, 1.0), error, level, positives)
    return Estimate(min(value, 1.0), low, high, len(truth))


def midranks(values: Floats) -> Floats:
    """Ranks from 1, tied values sharing the mean of theirs.

    >>> midranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(values) else np.empty(0, dtype=np.int64)
    lengths = np.diff(np.append(starts, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(starts + (lengths + 1) / 2, lengths)
    return ranks
