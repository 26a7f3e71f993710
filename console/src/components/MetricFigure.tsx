import { count, figure, metric, percent } from '@/components/format';
import css from '@/components/ui.module.css';

export interface Estimated {
  value: number | null;
  /** Cases that the value rests on. */
  n: number;
  interval: { low: number; high: number } | null;
}

interface MetricFigureProps {
  of: Estimated;
  /** With fewer cases the value is not shown: it would look more certain than it is. */
  minimum: number;
  /** The population, such as "applicants with an outcome"; shown with n. */
  on?: string;
  /** The format of a value; four decimals by default. */
  unit?: 'share' | 'plain';
}

/** Errors in the outcome's own units can be thousands; four decimals would drown them. */
const plain = (value: number, decimals = 4) => (Math.abs(value) >= 100 ? figure(value) : metric(value, decimals));

/** Whether a value rests on too few cases to be shown. */
export const isHeldBack = (of: Estimated, minimum: number) => of.value !== null && of.n < minimum;

/** A metric as evidence: its value, interval, number of cases and population; or the reason why there is none. */
export function MetricFigure({ of, minimum, on, unit = 'plain' }: MetricFigureProps) {
  const show = (value: number, decimals?: number) => (unit === 'share' ? percent(value, value !== 0 && Math.abs(value) < 0.1 ? 2 : 1) : plain(value, decimals));
  if (of.n === 0) return <span className="hint">no outcomes yet</span>;
  if (isHeldBack(of, minimum)) return <span className="hint">shown from n = {count(minimum)} on (n = {count(of.n)})</span>;
  if (of.value === null) return <span className="hint">not enough data (n = {count(of.n)})</span>;
  return (
    <span className={css.metricFigure}>
      <span className="num">{show(of.value)}</span>
      {of.interval && (
        <small>
          {show(of.interval.low, 3)} to {show(of.interval.high, 3)}
        </small>
      )}
      {on && (
        <span className="hint">
          n = {count(of.n)}, {on}
        </span>
      )}
    </span>
  );
}
