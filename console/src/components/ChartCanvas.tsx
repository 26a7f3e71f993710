import { useComputedColorScheme } from '@mantine/core';
import type { EChartsCoreOption } from 'echarts/core';
import { useEffect, useMemo, useRef } from 'react';

import { init } from '@/components/echarts';
import { type Colours, palette } from '@/theme';

export type Draw = (colours: Colours) => EChartsCoreOption;

const FONT = "'Inter Variable', system-ui, sans-serif";

const base = (c: Colours): EChartsCoreOption => ({
  // Evidence is never animated: a figure in between two true ones is no figure.
  animation: false,
  textStyle: { fontFamily: FONT, color: c.muted },
  tooltip: { backgroundColor: c.surface, borderColor: c.lineStrong, textStyle: { color: c.text, fontSize: 12, fontFamily: FONT }, padding: [7, 10], confine: true, transitionDuration: 0.1 },
});

/** The drawing itself: kept apart so that the chart library is fetched only where a chart is. */
export default function ChartCanvas({ draw, height, label }: { draw: Draw; height: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init> | null>(null);
  const scheme = useComputedColorScheme('light');
  const option = useMemo(() => ({ ...base(palette[scheme]), ...merged(palette[scheme], draw) }), [draw, scheme]);

  useEffect(() => {
    if (!box.current) return;
    const drawn = init(box.current, null, { renderer: 'svg' });
    chart.current = drawn;
    const watcher = new ResizeObserver(() => drawn.resize());
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      drawn.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ['series'] });
  }, [option]);

  return <div ref={box} role="img" aria-label={label} style={{ height, width: '100%' }} />;
}

function merged(c: Colours, draw: Draw): EChartsCoreOption {
  const own = draw(c);
  return { ...own, tooltip: { ...(base(c).tooltip as object), ...((own.tooltip) ?? {}) } };
}
