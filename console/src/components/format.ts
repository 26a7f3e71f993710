/** Numbers and times as people read them; times in the viewer's zone. */

const integer = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compactly = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });

export const NOTHING = '–';

export const count = (n: number) => integer.format(n);
export const compact = (n: number) => (Math.abs(n) < 10_000 ? integer.format(n) : compactly.format(n));
export const percent = (fraction: number, digits = 1) => `${(fraction * 100).toFixed(digits)} %`;
/** Basis points as a percentage: 2550 is `25.5 %`. */
export const share = (basisPoints: number) => `${Number((basisPoints / 100).toFixed(2)).toString()} %`;
export const metric = (value: number, digits = 4) => value.toFixed(digits).replace('-', '−');
export const signed = (value: number, digits = 3) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

/** A figure of unknown scale: enough digits to tell values apart, no more. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return count(value);
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString(undefined, { maximumFractionDigits: 1 });
  if (size >= 1) return value.toFixed(3).replace(/\.?0+$/, '');
  return size < 1e-4 ? value.toExponential(2) : value.toFixed(4);
}

/** A figure at an axis: no more digits than tell its marks apart. */
export const mark = (value: number) => (Number.isInteger(value) ? count(value) : Number(value.toPrecision(4)).toString());

export function micros(us: number): string {
  if (us < 1000) return `${us.toFixed(0)} µs`;
  if (us < 1_000_000) return `${(us / 1000).toFixed(us < 10_000 ? 2 : 1)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, n > 0 ? Math.floor(Math.log10(n) / 3) : 0);
  return `${(n / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? 'B'}`;
}

export const when = (iso: string) => stamp.format(new Date(iso));
export const dayOf = (iso: string) => day.format(new Date(iso));
export const clockOf = (iso: string) => clock.format(new Date(iso));
export const minuteOf = (iso: string) => minute.format(new Date(iso));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]];

export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const [unit, size] = STEPS.find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1];
  return relative.format(Math.round(seconds / size), unit);
}

export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const sentence = (words: string) => (words ? (words[0] ?? '').toUpperCase() + words.slice(1) : words);
const SHORT: Record<string, string> = { roc_auc: 'ROC AUC', pr_auc: 'PR AUC', auc: 'AUC', f1: 'F1', mae: 'MAE', rmse: 'RMSE', mse: 'MSE', r2: 'R²', brier: 'Brier score' };

/** A split as people write it: `cross_validation` is cross-validation. */
export const splitWords = (split: string) => split.replaceAll('_', '-');

/** A name as people write it: `roc_auc` is ROC AUC, `log_loss` is Log loss. */
export const wordsOf = (name: string) => SHORT[name] ?? sentence(name.replaceAll('_', ' '));
