import { Skeleton } from '@mantine/core';
import { lazy, Suspense, type ReactNode } from 'react';

import type { Draw } from '@/components/ChartCanvas';
import css from '@/components/ui.module.css';
import { fetchChunk } from '@/rpc/chunks';

export type { Draw } from '@/components/ChartCanvas';

const Canvas = lazy(() => fetchChunk(() => import('@/components/ChartCanvas')));

interface ChartProps {
  draw: Draw;
  /** What the chart is, for a screen reader. */
  label: string;
  /** What the chart shows, as a sentence. */
  caption: ReactNode;
  height?: number;
}

/** A chart in its own figure, with a sentence saying what to see. Its height is kept while it loads. */
export function Chart({ draw, label, caption, height = 240 }: ChartProps) {
  return (
    <figure className={css.figure}>
      <Suspense fallback={<Skeleton height={height} radius="md" />}>
        <Canvas draw={draw} height={height} label={label} />
      </Suspense>
      <figcaption className={css.figcaption}>{caption}</figcaption>
    </figure>
  );
}
