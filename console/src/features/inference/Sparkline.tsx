import { plural } from '@/components/format';
import type { GroupTraffic } from '@/rpc/types';

const WIDTH = 96;
const HEIGHT = 26;

/** The last hour's predictions, a bar a minute. */
export function Sparkline({ minutes }: { minutes: GroupTraffic['minutes'] }) {
  const totals = minutes.slice(-60).map((m) => Object.values(m.counts).reduce((a, b) => a + b, 0));
  const most = Math.max(1, ...totals);
  const step = WIDTH / 60;
  const sum = totals.reduce((a, b) => a + b, 0);
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={`${plural(sum, 'prediction')} in the last hour`}>
      <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--ty-line-strong)" />
      {totals.map((n, i) => (
        <rect
          key={i}
          x={(60 - totals.length + i) * step}
          width={step - 0.5}
          y={HEIGHT - 1 - (n / most) * (HEIGHT - 2)}
          height={(n / most) * (HEIGHT - 2)}
          fill="var(--ty-line-strong)"
        />
      ))}
    </svg>
  );
}
