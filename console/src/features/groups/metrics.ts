import { isHeldBack } from '@/components/MetricFigure';
import type { Comparison, Contender, MetricEstimate } from '@/rpc/types';

type MetricKey = { [K in keyof Contender]: Contender[K] extends MetricEstimate ? K : never }[keyof Contender];

export interface MetricRow {
  key: MetricKey;
  name: string;
  better: 'higher' | 'lower' | null;
  about: string;
  /** Shares of requests are written in per cent. */
  unit?: 'share';
}

/** The comparison's rows, in the order they are read. */
export const METRICS: MetricRow[] = [
  { key: 'value', name: 'Value per application', better: 'higher', about: 'Average worth of decisions with their outcomes, over all mature applications.' },
  { key: 'approval_rate', name: 'Approval rate', better: null, about: 'The share of its requests that it approves.', unit: 'share' },
  { key: 'bad_rate', name: 'Bad rate among approved', better: 'lower', about: 'The share of bad outcomes among its own approved requests. A stricter cut-off gives a lower rate.', unit: 'share' },
  { key: 'brier', name: 'Brier score', better: 'lower', about: 'Mean squared distance between score and outcome. 0 is perfect.' },
  { key: 'log_loss', name: 'Log loss', better: 'lower', about: 'Negative log likelihood of the outcomes, in nats. Punishes confident mistakes.' },
  { key: 'accuracy', name: 'Accuracy', better: 'higher', about: 'Share of labels that were right, at the group’s threshold.' },
  { key: 'roc_auc', name: 'ROC AUC', better: 'higher', about: 'Chance that a positive scores above a negative. 0.5 is guessing.' },
  { key: 'gini', name: 'Gini', better: 'higher', about: 'Twice the ROC AUC minus one: 0 is guessing, 1 is perfect.' },
  { key: 'ks', name: 'KS', better: 'higher', about: 'Largest distance between the score distributions of positives and negatives. 0 is guessing, 1 is perfect.' },
  { key: 'pr_auc', name: 'PR AUC', better: 'higher', about: 'Precision averaged over recall. Guessing gives the positive rate.' },
  { key: 'precision', name: 'Precision', better: 'higher', about: 'The share of positive labels that were right.' },
  { key: 'recall', name: 'Recall', better: 'higher', about: 'The share of positive cases that were labelled positive.' },
  { key: 'f1', name: 'F1', better: 'higher', about: 'Harmonic mean of precision and recall.' },
  { key: 'calibration_error', name: 'Calibration error', better: 'lower', about: 'Mean gap between the score and the observed rate, over bins.' },
  { key: 'brier_skill', name: 'Brier skill', better: 'higher', about: 'How much better than always predicting the base rate. 0 is no better, 1 is perfect.' },
  { key: 'rmse', name: 'RMSE', better: 'lower', about: 'Root of the mean squared error, in the units of the outcome. Punishes large errors.' },
  { key: 'mae', name: 'MAE', better: 'lower', about: 'Mean absolute error, in the units of the outcome.' },
  { key: 'mean_error', name: 'Mean error', better: null, about: 'Score minus outcome, on average: above 0 the score is too high, below 0 too low.' },
  { key: 'error_rate', name: 'Error rate', better: 'lower', about: 'The share of its requests that got no answer.', unit: 'share' },
  { key: 'fallback_rate', name: 'Fallback rate', better: 'lower', about: 'The share of its requests that the champion answered in its place.', unit: 'share' },
  { key: 'mean_score', name: 'Mean score', better: null, about: 'The average score given; neither high nor low is better.' },
];

export const metricName = (key: string) => METRICS.find((row) => row.key === key)?.name ?? key;
export const isDecision = (row: MetricRow, decisionMetric: string) => row.key === decisionMetric;

/** The metrics with the one the group decides by first. */
export const ordered = (decisionMetric: string) => [...METRICS].sort((a, b) => Number(isDecision(b, decisionMetric)) - Number(isDecision(a, decisionMetric)));

/** The rows that have a value for some contender; which ones depends on whether outcomes are decisions or numbers. */
export const told = (comparison: Comparison) =>
  ordered(comparison.decision_metric).filter((row) => isDecision(row, comparison.decision_metric) || comparison.contenders.some((c) => c[row.key].value !== null));

/** A scale that holds every interval, with a little air. */
export function scaleOf(estimates: MetricEstimate[]): { low: number; high: number } | null {
  const ends = estimates.flatMap((e) => (e.value === null ? [] : [e.value, e.interval?.low ?? e.value, e.interval?.high ?? e.value]));
  if (ends.length === 0) return null;
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const air = Math.max((high - low) * 0.08, 0.002);
  return { low: low >= 0 ? Math.max(0, low - air) : low - air, high: high + air };
}

/** The estimate as it is shown: without a value while it is held back. */
export const shownOf = (of: MetricEstimate, minimum: number): MetricEstimate => (isHeldBack(of, minimum) ? { ...of, value: null, interval: null } : of);
