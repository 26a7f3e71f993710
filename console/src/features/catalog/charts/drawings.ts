import type { Draw } from '@/components/Chart';
import { category, grid, legend, xValue, yValue } from '@/components/axes';
import { count, figure, mark, percent, wordsOf } from '@/components/format';
import type { ChartOf, DocumentChart } from '@/rpc/types';
import type { Colours } from '@/theme';

export interface Drawing {
  title: string;
  caption: string;
  draw: Draw;
  height?: number;
}

type Point = [number, number];
const zip = (xs: number[], ys: number[]): Point[] => xs.map((x, i) => [x, ys[i] ?? Number.NaN]);
const line = (c: Colours, name: string, data: Point[], over: object = {}) => ({ name, type: 'line', symbol: 'none', color: c.accent, lineStyle: { width: 2 }, data, ...over });
const guide = (c: Colours, name: string, data: Point[]) => line(c, name, data, { color: c.faint, lineStyle: { width: 1, type: 'dashed', color: c.faint }, silent: true });
const DIAGONAL: Point[] = [[0, 0], [1, 1]];
const tip = { trigger: 'axis', valueFormatter: (v: unknown) => (typeof v === 'number' ? figure(v) : '') };

const roc = (chart: ChartOf<'roc'>): Drawing => ({
  title: 'ROC curve',
  caption: 'The closer the curve is to the top left, the better the model ranks positives above negatives. The dashed line is guessing.',
  draw: (c) => ({ grid: grid(), legend: legend(c), tooltip: tip, xAxis: xValue(c, { name: 'False positive rate', min: 0, max: 1 }), yAxis: yValue(c, { name: 'True positive rate', min: 0, max: 1 }), series: [line(c, 'Model', zip(chart.fpr, chart.tpr)), guide(c, 'Guessing', DIAGONAL)] }),
});

const pr = (chart: ChartOf<'pr'>): Drawing => ({
  title: 'Precision and recall',
  caption: 'Precision against recall: each point is a threshold. Higher and further right is better.',
  draw: (c) => ({ grid: grid(), tooltip: tip, xAxis: xValue(c, { name: 'Recall', min: 0, max: 1 }), yAxis: yValue(c, { name: 'Precision', min: 0, max: 1 }), series: [line(c, 'Model', zip(chart.recall, chart.precision))] }),
});

const calibration = (chart: ChartOf<'calibration'>): Drawing => ({
  title: 'Calibration',
  caption: 'For a dot on the dashed line, a score of 30 % really means 30 in 100. Above the line scores are too low, below it too high.',
  draw: (c) => {
    const most = Math.max(1, ...chart.count);
    return {
      grid: grid(), legend: legend(c), tooltip: tip,
      xAxis: xValue(c, { name: 'Predicted probability', min: 0, max: 1 }), yAxis: yValue(c, { name: 'Observed rate', min: 0, max: 1 }),
      series: [
        line(c, 'Model', zip(chart.predicted, chart.observed), { symbol: 'circle', symbolSize: (_: unknown, at: { dataIndex: number }) => (chart.count.length > 0 ? 5 + 11 * Math.sqrt((chart.count[at.dataIndex] ?? 0) / most) : 7) }),
        guide(c, 'Perfect', DIAGONAL),
      ],
    };
  },
});

const importance = (chart: ChartOf<'importance'>): Drawing => {
  const top = chart.features.map((name, i): [string, number] => [name, chart.values[i] ?? 0]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 15).reverse();
  return {
    title: 'Feature importance',
    caption: `By ${wordsOf(chart.method).toLowerCase()}; longer matters more. ${chart.features.length > 15 ? `The 15 largest of ${chart.features.length.toString()}.` : ''}`,
    height: 60 + top.length * 19,
    draw: (c) => ({
      grid: grid({ left: 8, containLabel: true, top: 6 }), tooltip: { ...tip, axisPointer: { type: 'shadow' } }, xAxis: xValue(c, { name: wordsOf(chart.method) }),
      yAxis: { ...category(c, '', top.map(([name]) => name)), axisLine: { show: false } },
      series: [{ name: 'Importance', type: 'bar', color: c.accent, barWidth: '62%', data: top.map(([, value]) => value) }],
    }),
  };
};

const learning = (chart: ChartOf<'learning_curve'>): Drawing => ({
  title: 'Learning curve',
  caption: 'The metric during training. A growing gap between the lines is overfitting.',
  draw: (c) => ({
    grid: grid(), legend: legend(c), tooltip: tip, xAxis: xValue(c, { name: 'Step', min: 'dataMin', max: 'dataMax', show: count }), yAxis: yValue(c, { name: wordsOf(chart.metric), scale: true, show: mark }),
    series: [
      ...(chart.train.length > 0 ? [line(c, 'Train', zip(chart.step, chart.train), { color: c.faint, lineStyle: { width: 2, type: 'dashed' } })] : []),
      ...(chart.validation.length > 0 ? [line(c, 'Validation', zip(chart.step, chart.validation))] : []),
    ],
  }),
});

const lift = (chart: ChartOf<'lift'>): Drawing => ({
  title: 'Lift',
  caption: 'Positives among the highest-scored share of the population, relative to chance. 1 is chance.',
  draw: (c) => ({ grid: grid(), tooltip: tip, xAxis: xValue(c, { name: 'Share of the population', min: 0, max: 1, show: (v) => percent(v, 0) }), yAxis: yValue(c, { name: 'Lift (times chance)' }), series: [line(c, 'Lift', zip(chart.share, chart.lift)), guide(c, 'Chance', [[0, 1], [1, 1]])] }),
});

const histogram = (chart: ChartOf<'histogram'>): Drawing => ({
  title: wordsOf(chart.name),
  caption: 'How often each value occurs.',
  draw: (c) => ({
    grid: grid({ top: 12 }), tooltip: tip, xAxis: category(c, wordsOf(chart.name), chart.counts.map((_, i) => mark(chart.edges[i] ?? 0))), yAxis: yValue(c, { name: 'Count', show: count }),
    series: [{ name: 'Count', type: 'bar', color: c.accent, barCategoryGap: '4%', data: chart.counts }],
  }),
});

const residuals = (chart: ChartOf<'residuals'>): Drawing => ({
  title: 'Residuals',
  caption: 'Each dot is a case. A shapeless cloud around zero is good; a curve or a funnel means that the model misses something.',
  draw: (c) => ({
    grid: grid({ top: 12 }), tooltip: { trigger: 'item' }, xAxis: xValue(c, { name: 'Predicted', scale: true }), yAxis: yValue(c, { name: 'Residual' }),
    series: [{ name: 'Residual', type: 'scatter', symbolSize: 5, color: c.accent, itemStyle: { opacity: 0.5 }, large: true, data: zip(chart.predicted, chart.residual) }],
  }),
});

/** The drawing of a stored chart, with a sentence that explains it. */
export function drawingOf(chart: Exclude<DocumentChart, { kind: 'confusion_matrix' | 'image' }>): Drawing {
  switch (chart.kind) {
    case 'roc': return roc(chart);
    case 'pr': return pr(chart);
    case 'calibration': return calibration(chart);
    case 'importance': return importance(chart);
    case 'learning_curve': return learning(chart);
    case 'lift': return lift(chart);
    case 'histogram': return histogram(chart);
    case 'residuals': return residuals(chart);
  }
}
