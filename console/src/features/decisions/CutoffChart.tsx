import { Group as Row, SegmentedControl, Slider } from '@mantine/core';
import { useCallback, useState } from 'react';

import { Chart, type Draw } from '@/components/Chart';
import { grid, xValue, yValue } from '@/components/axes';
import { figure, mark, percent } from '@/components/format';
import type { CutoffCurve, CutoffPoint } from '@/features/decisions/types';

const SHARES = { approval_rate: 'Approval rate', bad_rate: 'Bad rate', recall: 'Bad ones declined', ratio: 'Four-fifths ratio' } as const;
type Shown = keyof typeof SHARES | 'value';

const ON_WHOM: Record<Shown, string> = {
  value: 'Value is per application, over all mature applications. Where the cut-off approves applications whose outcome nobody knows, it is a range: dotted lines.',
  approval_rate: 'The approval rate is on all mature applications.',
  bad_rate: 'The bad rate is on those that the cut-off approves and whose outcome is known.',
  recall: 'The share of bad ones that are declined is on applications with a known outcome.',
  ratio: 'The ratio compares approval rates of the segment’s values, on all mature applications: the lowest over the highest.',
};

interface CutoffChartProps {
  curve: CutoffCurve;
  /** The chosen point. */
  at: number;
  choose: (at: number) => void;
}

/** One figure against the cut-off, with its 95 % interval, and a slider to choose a cut-off. */
export function CutoffChart({ curve, at, choose }: CutoffChartProps) {
  const valued = curve.currency !== null;
  const [shown, setShown] = useState<Shown>(valued ? 'value' : 'approval_rate');
  const names: Record<string, string> = { ...(valued ? { value: `Value, ${curve.currency ?? ''}` } : {}), ...SHARES };
  const draw = useCallback<Draw>(
    (c) => {
      const format = (value: number) => (shown === 'value' ? figure(value) : percent(value));
      const known = curve.points.filter((point) => point[shown].value !== null);
      const line = (name: string, of: (point: CutoffPoint) => number | null, width: number, opacity: number) => ({
        id: name,
        name,
        type: 'line' as const,
        symbol: 'none',
        color: c.champion,
        lineStyle: { width, opacity, type: opacity < 1 ? ('dashed' as const) : ('solid' as const) },
        data: known.map((point) => [point.cut, of(point)]),
      });
      const range = (name: string, of: (point: CutoffPoint) => number | null) => ({
        ...line(name, of, 1, 0.8),
        lineStyle: { width: 1.5, opacity: 0.8, type: 'dotted' as const },
        data: curve.points.filter((point) => point.value.value === null && of(point) !== null).map((point) => [point.cut, of(point)]),
      });
      const chosen = curve.points[at]?.cut ?? 0;
      const marks = [{ xAxis: chosen, label: { formatter: `chosen ${figure(chosen)}` } }, ...(curve.best ? [{ xAxis: curve.best.cut, label: { formatter: 'best', position: 'insideStartTop' as const } }] : [])];
      return {
        grid: grid({ top: 26, left: 64 }),
        tooltip: { trigger: 'axis', valueFormatter: (v: unknown) => (typeof v === 'number' ? format(v) : '') },
        xAxis: xValue(c, { name: 'Cut-off', min: 'dataMin', max: 'dataMax', show: mark }),
        yAxis: yValue(c, { name: names[shown] ?? shown, show: format, scale: true, gap: 50 }),
        series: [
          { ...line(names[shown] ?? shown, (point) => point[shown].value, 2, 1), markLine: { symbol: 'none', silent: true, lineStyle: { color: c.text, width: 1, opacity: 0.6 }, label: { color: c.text, fontSize: 11, position: 'end', rotate: 0 }, data: marks } },
          line('95 % from', (point) => point[shown].interval?.low ?? null, 1, 0.55),
          line('95 % to', (point) => point[shown].interval?.high ?? null, 1, 0.55),
          ...(shown === 'value' ? [range('At worst', (point) => point.value_least), range('At best', (point) => point.value_most)] : []),
        ],
      };
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the names follow from the curve
    [curve, at, shown],
  );
  return (
    <div>
      <Row mb={8} style={{ overflowX: 'auto' }}>
        <SegmentedControl size="xs" aria-label="Figure" data={Object.entries(names).map(([value, label]) => ({ value, label }))} value={shown} onChange={(value) => setShown(value as Shown)} />
      </Row>
      <Chart draw={draw} height={260} label={`${names[shown] ?? shown} against the cut-off`} caption={`${ON_WHOM[shown]} Dashed lines are 95 % intervals. ${curve.approve_below ? 'Scores below the cut-off are approved.' : 'Scores from the cut-off up are approved.'}`} />
      <Slider
        mt={12}
        thumbLabel="Cut-off"
        min={0}
        max={Math.max(curve.points.length - 1, 1)}
        step={1}
        value={at}
        onChange={choose}
        label={(index) => figure(curve.points[index]?.cut ?? 0)}
      />
    </div>
  );
}
