import { useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';

import { useMay } from '@/features/access/session';
import { queryClient, trpc } from '@/rpc/client';
import { useHeard, useInSight } from '@/rpc/live';
import type { Alert } from '@/rpc/types';

const key = () => trpc.alerts.list.queryKey({});

/** From the most severe to the least. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Alert['severity'][];

export const toneOf = (severity: Alert['severity']) => (severity === 'critical' ? 'bad' : severity === 'low' ? 'info' : 'warn');

/** Reloads the open alerts and the history. */
export const readAgain = () => queryClient.invalidateQueries({ queryKey: trpc.alerts.pathKey() });

const order = (a: Alert, b: Alert) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.first_seen.localeCompare(a.first_seen);

/** The open alerts with one of them updated. */
export function withAlert(open: readonly Alert[], changed: Alert): Alert[] {
  const others = open.filter((one) => one.id !== changed.id);
  return changed.state === 'open' ? [...others, changed].sort(order) : others;
}

/** The open alerts, live, the critical and the newest first; undefined for people who may not see them. */
export function useAlerts(): Alert[] | undefined {
  const may = useMay('monitoring:alert:read');
  const inSight = useInSight();
  const heard = useHeard(
    useSubscription(
      trpc.alerts.onAlert.subscriptionOptions(undefined, {
        enabled: may && inSight,
        onStarted: () => void queryClient.invalidateQueries({ queryKey: key() }),
        onData: ({ data }) => {
          queryClient.setQueryData(key(), (open) => withAlert(open ?? [], data));
          void queryClient.invalidateQueries({ queryKey: trpc.alerts.history.pathKey() });
        },
      }),
    ),
  );
  return useQuery(trpc.alerts.list.queryOptions({}, { enabled: may, refetchInterval: heard ? 60_000 : 10_000 })).data;
}
