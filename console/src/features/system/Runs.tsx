import { Progress, Table } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';

import { ActionButton } from '@/components/ActionButton';
import { ScrollX } from '@/components/ScrollX';
import { Panel } from '@/components/Panel';
import { Answer, Empty, Failure, Status, type Severity } from '@/components/States';
import { Ago } from '@/components/Time';
import { useMay } from '@/features/access/session';
import { queryClient, trpc } from '@/rpc/client';
import { useHeard, useInSight } from '@/rpc/live';
import type { Run } from '@/rpc/types';

const TONES: Record<Run['status'], Severity> = { queued: 'info', running: 'info', succeeded: 'ok', failed: 'bad', cancelled: 'info', lost: 'warn' };
const OPEN: readonly Run['status'][] = ['queued', 'running', 'lost'];

const NEWEST = { limit: 20 };

/** The newest runs with one of them as it is now. */
const withRun = (runs: readonly Run[], changed: Run): Run[] =>
  [...runs.filter((run) => run.id !== changed.id), changed].sort((a, b) => b.created_at.localeCompare(a.created_at)).slice(0, NEWEST.limit);

/** The newest background executions. */
export function Runs() {
  const heard = useHeard(
    useSubscription(
      trpc.runs.onProgress.subscriptionOptions(
        {},
        { enabled: useInSight(), onData: ({ data }) => queryClient.setQueryData(trpc.runs.list.queryKey(NEWEST), (old) => withRun(old ?? [], data)) },
      ),
    ),
  );
  const runs = useQuery(trpc.runs.list.queryOptions(NEWEST, { refetchInterval: heard ? false : 3_000 }));
  return (
    <Panel flush title="Background runs" note="the newest 20">
      <Answer of={runs}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="Nothing has run yet">Background work, such as archiving a deleted group’s log, is listed here with its progress.</Empty>
          ) : (
            <ScrollX label="Background runs">
              <Table miw={720}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Run</Table.Th>
                    <Table.Th>Subject</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Progress</Table.Th>
                    <Table.Th className="right">Attempts</Table.Th>
                    <Table.Th>Created</Table.Th>
                    <Table.Th><span className="visually-hidden">Actions</span></Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((run) => (
                    <Table.Tr key={run.id}>
                      <Table.Td><code>{run.kind}</code></Table.Td>
                      <Table.Td>{run.subject}</Table.Td>
                      <Table.Td><Status tone={TONES[run.status]}>{run.status}</Status>{run.error && <div className="hint">{run.error}</div>}</Table.Td>
                      <Table.Td>
                        {run.percent !== null && <Progress value={run.percent} size="sm" w={120} aria-label={`Progress of ${run.kind}`} />}
                        {run.stage && <span className="hint">{run.stage}</span>}
                      </Table.Td>
                      <Table.Td className="right">{run.attempts}</Table.Td>
                      <Table.Td><Ago at={run.created_at} /></Table.Td>
                      <Table.Td className="right"><Cancel run={run} /></Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollX>
          )
        }
      </Answer>
    </Panel>
  );
}

/** Cancels a run that has not ended, where the person may. */
function Cancel({ run }: { run: Run }) {
  const may = useMay('system:run:cancel');
  const cancel = useMutation(
    trpc.runs.cancel.mutationOptions({
      onSuccess: (changed) => queryClient.setQueryData(trpc.runs.list.queryKey(NEWEST), (old) => withRun(old ?? [], changed)),
    }),
  );
  if (!may || !OPEN.includes(run.status)) return null;
  const asked = Boolean(run.cancel_requested_at);
  return (
    <>
      <ActionButton size="compact-sm" variant="default" loading={cancel.isPending} why={asked ? 'Asked to cancel. The run stops at its next step.' : null} reasonAt="tooltip" onClick={() => cancel.mutate({ run_id: run.id })}>
        {asked ? 'Cancelling' : 'Cancel'}
        <span className="visually-hidden"> {run.kind}</span>
      </ActionButton>
      {cancel.error && <Failure error={cancel.error} />}
    </>
  );
}
