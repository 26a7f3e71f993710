import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconBell } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Empty } from '@/components/States';
import { AlertRow } from '@/features/alerts/AlertRow';
import { Retention } from '@/features/alerts/Retention';
import { SEVERITIES } from '@/features/alerts/alerts';
import { trpc } from '@/rpc/client';
import type { Alert } from '@/rpc/types';

const route = getRouteApi('/signed-in/alerts');

const STATES = ['open', 'acknowledged', 'silenced', 'resolved'] as const satisfies readonly Alert['state'][];
const oneOf = <T extends string>(known: readonly T[], value: string | undefined) => known.filter((one) => one === value);

/** Every alert with its history: the fact, the recommendation, and the person who works on it. */
export function Alerts() {
  const { state, severity, subject } = route.useSearch();
  const wanted = { states: oneOf(STATES, state), severities: oneOf(SEVERITIES, severity), subject: subject ?? null, limit: 50 };
  const log = useInfiniteQuery(trpc.alerts.history.infiniteQueryOptions(wanted, { getNextPageParam: (page) => page.next_cursor, placeholderData: (old) => old }));
  const alerts = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title="Alerts" lede="An alert opens when a check finds something, and resolves after two clean checks. Acknowledge an alert to show that you work on it; silence it to get no notifications until a set time." />
      <Panel flush title="History" aside={<Filters state={state ?? ''} severity={severity ?? ''} subject={subject ?? ''} />}>
        <Answer of={log}>
          {() =>
            alerts.length === 0 ? (
              (state ?? severity ?? subject) !== undefined ? (
                <Empty icon={<IconBell size={30} />} title="No alert matches">Widen a filter to see more.</Empty>
              ) : (
                <Empty icon={<IconBell size={30} />} title="No alerts yet">
                  The hub checks itself every few seconds. Problems that need a person are listed here: a halted group, a version that does not load, a worker that stopped, log entries that cannot be stored.
                </Empty>
              )
            ) : (
              <>
                {alerts.map((alert) => <AlertRow key={alert.id} alert={alert} />)}
                {log.hasNextPage && (
                  <div style={{ padding: 14, textAlign: 'center' }}>
                    <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>Show older alerts</Button>
                  </div>
                )}
              </>
            )
          }
        </Answer>
      </Panel>
      <div style={{ height: 14 }} />
      <Retention />
    </>
  );
}

function Filters({ state, severity, subject }: { state: string; severity: string; subject: string }) {
  const navigate = route.useNavigate();
  const go = (part: { state?: string; severity?: string; subject?: string }) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const goLater = useDebouncedCallback(go, 250);
  return (
    <span style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
      <NativeSelect size="xs" aria-label="Filter by state" value={state} onChange={(e) => go({ state: e.currentTarget.value || undefined })} data={[{ value: '', label: 'Any state' }, ...STATES]} />
      <NativeSelect size="xs" aria-label="Filter by severity" value={severity} onChange={(e) => go({ severity: e.currentTarget.value || undefined })} data={[{ value: '', label: 'Any severity' }, ...SEVERITIES]} />
      <TextInput size="xs" aria-label="Filter by subject" placeholder="Subject begins with" defaultValue={subject} onChange={(e) => goLater({ subject: e.currentTarget.value || undefined })} />
    </span>
  );
}
