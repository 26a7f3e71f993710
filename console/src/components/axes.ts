import type { Colours } from '@/theme';

interface AxisOptions {
  name: string;
  min?: number | 'dataMin';
  max?: number | 'dataMax';
  show?: (value: number) => string;
  /** Distance of the name from the axis. */
  gap?: number;
  scale?: boolean;
}

const shared = (c: Colours, { name, min, max, gap, scale }: AxisOptions) => ({
  name,
  min,
  max,
  scale: scale ?? false,
  nameLocation: 'middle' as const,
  nameGap: gap,
  nameTextStyle: { color: c.muted, fontSize: 11 },
  axisLine: { lineStyle: { color: c.lineStrong } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: c.line } },
});

const label = (c: Colours, show: AxisOptions['show']) => ({ color: c.muted, fontSize: 11, hideOverlap: true, formatter: show });

export const xValue = (c: Colours, o: AxisOptions) => ({ type: 'value' as const, ...shared(c, { gap: 24, ...o }), splitLine: { show: false }, axisLabel: label(c, o.show) });
export const yValue = (c: Colours, o: AxisOptions) => ({ type: 'value' as const, ...shared(c, { gap: 42, ...o }), axisLine: { show: false }, axisLabel: label(c, o.show) });
export const category = (c: Colours, name: string, data: string[], gap = 26) => ({
  type: 'category' as const,
  data,
  ...shared(c, { name, gap }),
  splitLine: { show: false },
  axisLabel: { color: c.muted, fontSize: 11, hideOverlap: true },
});
export const legend = (c: Colours) => ({ top: 0, left: 0, itemWidth: 16, itemHeight: 8, icon: 'roundRect', textStyle: { color: c.text, fontSize: 12 }, itemGap: 16 });
export const grid = (over: object = {}) => ({ left: 54, right: 14, top: 30, bottom: 42, ...over });
