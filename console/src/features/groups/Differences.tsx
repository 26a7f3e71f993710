import type { Tone } from '@/components/Roles';
import { Status } from '@/components/States';
import { count, signed } from '@/components/format';
import css from '@/features/groups/comparison.module.css';
import { metricName } from '@/features/groups/metrics';
import type { Comparison, Difference } from '@/rpc/types';

const WIDTH = 300;

/** Each version's difference to the champion with its always-valid interval, around the line of no difference. */
export function Differences({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const { differences, contenders, minimum } = comparison;
  const enough = (id: string | undefined) => (contenders.find((c) => c.version_id === id)?.n_compared_labelled ?? 0) >= minimum;
  const champion = contenders.find((c) => c.role === 'champion')?.version_id;
  /** A difference is held back while either side has too few outcomes, or there are too few pairs. */
  const isShort = (d: Difference) => (d.paired ? d.n < minimum : d.phases.length < 2 && !(enough(d.version_id) && enough(champion)));
  const ends = differences.flatMap((d) => (d.interval && !isShort(d) ? [d.interval.low, d.interval.high] : []));
  const reach = Math.max(1e-9, ...ends.map(Math.abs)) * 1.08;
  const toneOf = (d: Difference) => tones[contenders.findIndex((c) => c.version_id === d.version_id)]?.css;
  return (
    <figure style={{ margin: 0 }}>
      <div className={css.differences}>
        {differences.map((d) => (
          <div key={d.version_id + d.paired.toString()}>
            <div className={css.differenceHead}>
              <span>
                <strong>{d.label}</strong> <span className="hint">{d.paired ? 'on the same requests' : `against ${d.against}`}</span>
              </span>
              <Said of={d} held={isShort(d)} />
            </div>
            <div className={css.track}>
              {!isShort(d) && <Band of={d} reach={reach} tone={toneOf(d)} />}
            </div>
          </div>
        ))}
        {ends.length > 0 && (
          <div className={css.axis} aria-hidden="true">
            <span>← worse by {reach.toPrecision(2)}</span>
            <span>equal</span>
            <span>better by {reach.toPrecision(2)} →</span>
          </div>
        )}
      </div>
      <figcaption className="hint" style={{ marginTop: 12 }}>
        Difference in {metricName(comparison.decision_metric)}, drawn so that right is better. While a band crosses the line in the middle, the versions may be equal. A shadow’s band is narrower because it scored the same requests.
      </figcaption>
    </figure>
  );
}

function Band({ of, reach, tone }: { of: Difference; reach: number; tone: string | undefined }) {
  const x = (value: number) => WIDTH / 2 + (value / reach) * (WIDTH / 2);
  return (
    <svg viewBox={`0 0 ${WIDTH.toString()} 26`} preserveAspectRatio="none" aria-hidden="true">
      <line x1={0} x2={WIDTH} y1={13} y2={13} stroke="var(--ty-line)" />
      <line x1={WIDTH / 2} x2={WIDTH / 2} y1={0} y2={26} stroke="var(--ty-line-strong)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
      {of.interval && (
        <g fill={tone}>
          <rect x={x(of.interval.low)} width={Math.max(1, x(of.interval.high) - x(of.interval.low))} y={8} height={10} rx={2} opacity={0.36} />
          <rect x={x(of.value ?? 0) - 1.5} width={3} y={4} height={18} />
        </g>
      )}
    </svg>
  );
}

function Said({ of, held }: { of: Difference; held: boolean }) {
  if (held || of.value === null || !of.interval) return <span className="hint">not enough outcomes yet (n = {count(of.n)})</span>;
  const tone = of.better === null ? 'info' : of.better ? 'ok' : 'bad';
  return (
    <span className={css.said}>
      <Status tone={tone}>{of.better === null ? 'may be equal' : of.better ? 'better' : 'worse'}</Status> {signed(of.value, 4)}{' '}
      <span className="hint">
        {signed(of.interval.low, 4)} to {signed(of.interval.high, 4)}, {count(of.n)} {of.paired ? 'pairs' : 'outcomes'}
        {of.phases.length > 1 && `, phases ${of.phases.join(', ')}`}
      </span>
    </span>
  );
}
