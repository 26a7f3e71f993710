import type { Tone } from '@/components/Roles';
import { metric, percent } from '@/components/format';
import css from '@/features/groups/groups.module.css';
import { scaleOf } from '@/features/groups/metrics';
import type { MetricEstimate } from '@/rpc/types';

interface Mark {
  label: string;
  tone: Tone;
  estimate: MetricEstimate;
}

const WIDTH = 240;
const HEIGHT = 30;

/** Estimates on one shared scale: a dot for the value, a band for its interval. */
export function IntervalPlot({ marks, unit = 'plain' }: { marks: Mark[]; unit?: 'share' | 'plain' }) {
  const end = (value: number) => (unit === 'share' ? percent(value) : metric(value, 3));
  const scale = scaleOf(marks.map((m) => m.estimate));
  if (!scale) return <span className="hint">not enough data to draw</span>;
  const x = (value: number) => ((value - scale.low) / (scale.high - scale.low)) * WIDTH;
  const shown = marks.filter((m) => m.estimate.value !== null);
  const lane = (HEIGHT - 4) / shown.length;
  const words = shown.map((m) => `${m.label} ${metric(m.estimate.value ?? 0)}${m.estimate.interval ? ` from ${metric(m.estimate.interval.low)} to ${metric(m.estimate.interval.high)}` : ''}`);
  return (
    <div>
      <svg className={css.plot} viewBox={`0 0 ${WIDTH.toString()} ${HEIGHT.toString()}`} preserveAspectRatio="none" role="img" aria-label={words.join('; ')}>
        <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--ty-line-strong)" />
        {shown.map((m, i) => {
          const y = lane * (i + 0.5) + 1;
          const value = m.estimate.value ?? 0;
          const { low, high } = m.estimate.interval ?? { low: value, high: value };
          return (
            <g key={m.label + i.toString()} fill={m.tone.css}>
              <rect x={x(low)} width={Math.max(1, x(high) - x(low))} y={y - 3} height={6} rx={1.5} opacity={0.32} />
              <rect x={x(value) - 1.5} width={3} y={y - 5} height={10} />
            </g>
          );
        })}
      </svg>
      <div className={css.scale} aria-hidden="true">
        <span>{end(scale.low)}</span>
        <span>{end(scale.high)}</span>
      </div>
    </div>
  );
}
