import type { Tone } from '@/components/Roles';
import { micros } from '@/components/format';
import css from '@/features/groups/groups.module.css';
import type { Comparison } from '@/rpc/types';

const WIDTH = 300;

/** Time to answer on one logarithmic scale: the bar runs from the median to the 99th percentile, the tick is the 95th. */
export function LatencyPanel({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const timed = comparison.contenders.filter((c) => c.latency);
  if (timed.length === 0) return <p className="hint">Latency shows with the first answers of this phase.</p>;
  const all = timed.flatMap((c) => (c.latency ? [c.latency.p50_us, c.latency.p99_us] : []));
  const low = 10 ** Math.floor(Math.log10(Math.max(1, Math.min(...all))));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all) * 1.01));
  const x = (us: number) => (Math.log10(Math.max(us, low) / low) / Math.log10(high / low)) * WIDTH;
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i);
  return (
    <figure style={{ margin: 0 }}>
      <div className={css.latency}>
        {comparison.contenders.map((c, i) => (
          <div key={c.version_id} style={{ display: 'contents' }}>
            <span>
              <span style={{ display: 'flex', gap: 6, alignItems: 'center', fontWeight: 550 }}>
                <span className={css.key} style={{ '--tone': tones[i]?.css }} />
                {c.label}
              </span>
              <span className="hint">{c.role}</span>
            </span>
            {c.latency ? (
              <span>
                <svg viewBox={`0 0 ${WIDTH.toString()} 20`} preserveAspectRatio="none" style={{ width: '100%', height: 20, display: 'block' }} aria-hidden="true">
                  {decades.map((d) => (
                    <line key={d} x1={x(d)} x2={x(d)} y1={0} y2={20} stroke="var(--ty-line)" />
                  ))}
                  <g fill={tones[i]?.css}>
                    <rect x={x(c.latency.p50_us)} width={Math.max(1, x(c.latency.p99_us) - x(c.latency.p50_us))} y={7} height={6} opacity={0.32} rx={1.5} />
                    <rect x={x(c.latency.p50_us) - 1.5} width={3} y={4} height={12} />
                    <rect x={x(c.latency.p95_us) - 0.75} width={1.5} y={5} height={10} />
                  </g>
                </svg>
                <span className="hint num">
                  p50 {micros(c.latency.p50_us)} · p95 {micros(c.latency.p95_us)} · p99 {micros(c.latency.p99_us)}
                  {c.latency.p99 && ` (${micros(c.latency.p99.low)} to ${micros(c.latency.p99.high)})`}
                </span>
              </span>
            ) : (
              <span className="hint">no answers yet</span>
            )}
          </div>
        ))}
        <span />
        <span className={css.scale} aria-hidden="true">
          {decades.map((d) => (
            <span key={d}>{micros(d)}</span>
          ))}
        </span>
      </div>
      <figcaption className="hint" style={{ marginTop: 14 }}>
        Time to answer, logarithmic. The thick mark is the median, the thin one the 95th percentile, the bar ends at the 99th: shorter and further left is faster.
      </figcaption>
    </figure>
  );
}
