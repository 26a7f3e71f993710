import { useCallback } from 'react';

import { Chart, type Draw } from '@/components/Chart';
import type { Tone } from '@/components/Roles';
import { grid, legend, xValue, yValue } from '@/components/axes';
import { percent } from '@/components/format';
import { usePositiveScores } from '@/features/groups/positive';
import type { Comparison } from '@/rpc/types';

/** Score distributions laid over each other, each as a share of its own predictions, so that a 90/10 split stays comparable. */
export function ScoreChart({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const positive = usePositiveScores(comparison.slug);
  const draw = useCallback<Draw>(
    (c) => ({
      legend: legend(c),
      grid: grid(),
      tooltip: { trigger: 'axis', valueFormatter: (v: unknown) => (typeof v === 'number' ? percent(v) : '') },
      xAxis: xValue(c, { name: 'Score', ...spanOf(comparison) }),
      yAxis: yValue(c, { name: 'Share of predictions', show: (v) => percent(v, 0) }),
      series: comparison.contenders.map((contender, i) => {
        const total = contender.scores.reduce((sum, bin) => sum + bin.count, 0) || 1;
        const tone = tones[i];
        const colour = tone ? c[tone.key] : c.muted;
        const points = contender.scores.map((bin) => [bin.low, bin.count / total]);
        const last = contender.scores.at(-1);
        return {
          id: contender.version_id,
          name: `${contender.label} ${contender.role}`,
          type: 'line',
          step: 'end',
          symbol: 'none',
          color: colour,
          lineStyle: { width: 1.75, type: tone?.dash ?? 'solid' },
          areaStyle: { opacity: 0.05 },
          data: last ? [...points, [last.high, last.count / total]] : points,
          markLine: i === 0 && !comparison.regression ? threshold(c.text, comparison.threshold) : undefined,
        };
      }),
    }),
    [comparison, tones],
  );
  return (
    <Chart
      draw={draw}
      height={250}
      label="Score distribution of each contender"
      caption={`Each outline is the share of one version's own predictions, so shapes can be compared under any split. ${comparison.regression ? '' : `To the ${positive === 'lower' ? 'left' : 'right'} of the threshold the label is positive; `}outlines that differ show versions that score similar cases differently.`}
    />
  );
}

/** The axis: 0 to 1 for probabilities, otherwise every score, and the threshold of points beside them. */
function spanOf({ scale, threshold, contenders }: Comparison): { min: number | 'dataMin'; max: number | 'dataMax' } {
  if (scale === 'probability') return { min: 0, max: 1 };
  const ends = contenders.flatMap((one) => one.scores.flatMap((bin) => [bin.low, bin.high]));
  if (scale === 'number' || ends.length === 0) return { min: 'dataMin', max: 'dataMax' };
  return { min: Math.floor(Math.min(threshold, ...ends)), max: Math.ceil(Math.max(threshold, ...ends)) };
}

const threshold = (colour: string, at: number) => ({
  symbol: 'none',
  silent: true,
  lineStyle: { color: colour, type: 'dashed', width: 1, opacity: 0.55 },
  label: { formatter: `threshold ${at.toString()}`, color: colour, fontSize: 11, position: 'insideEndTop' },
  data: [{ xAxis: at }],
});
