import type { Metric } from '@/rpc/types';

const FIRST = ['roc_auc', 'pr_auc', 'brier', 'accuracy', 'f1', 'log_loss', 'precision', 'recall', 'mae', 'rmse', 'r2'];
const SPLITS: (Metric['split'])[] = ['production', 'holdout', 'test', 'validation', 'cross_validation', null, 'train'];

const before = (a: Metric, b: Metric) => SPLITS.indexOf(a.split) - SPLITS.indexOf(b.split);

/** The few figures a reader looks for first, each from the most telling split it was measured on. */
export function headline(metrics: readonly Metric[], most = 6): Metric[] {
  const whole = metrics.filter((m) => m.slice === null && m.class === null);
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const names = [...new Set(whole.map((m) => m.name))].sort((a, b) => rank(a) - rank(b));
  return names.slice(0, most).flatMap((name) => whole.filter((m) => m.name === name).sort(before).slice(0, 1));
}
