import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { ago, when } from '@/components/format';
import css from '@/components/ui.module.css';

let now = Date.now();
const subscribe = (tell: () => void) => {
  const timer = setInterval(() => {
    now = Date.now();
    tell();
  }, 1000);
  return () => clearInterval(timer);
};
const useNow = () => useSyncExternalStore(subscribe, () => now);

/** How long ago, with the moment itself (in the viewer's zone) on hover. */
export function Ago({ at }: { at: string }) {
  const current = useNow();
  return (
    <Tooltip label={when(at)}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {ago(at, Math.max(current, new Date(at).getTime()))}
      </time>
    </Tooltip>
  );
}

/** Whether figures are current: live, or just fetched. Else it shows their age. */
export function Live({ updatedAt, failing, heard = false }: { updatedAt: number; failing: boolean; heard?: boolean }) {
  const current = useNow();
  const seconds = Math.max(0, Math.round((current - updatedAt) / 1000));
  const paused = !heard && (failing || seconds > 10);
  return (
    <span className={css.live} data-paused={paused}>
      <i aria-hidden="true" />
      {paused ? `Reconnecting, figures are ${seconds} s old` : 'Live'}
    </span>
  );
}
