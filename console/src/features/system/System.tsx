import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ScrollX } from '@/components/ScrollX';
import { Kpi, Kpis } from '@/components/Kpi';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Empty, Loading, Notice, Status } from '@/components/States';
import { Ago, Live } from '@/components/Time';
import { count } from '@/components/format';
import { Runs } from '@/features/system/Runs';
import { trpc } from '@/rpc/client';
import type { Outputs } from '@/rpc/types';

type Health = Outputs['system']['health'];

/** The health of the hub's services. */
export function System() {
  const health = useQuery(trpc.system.health.queryOptions(undefined, { refetchInterval: 3_000 }));
  return (
    <>
      <PageHead title="System" lede="The servers behind the hub, its workers, and the guarantee of the prediction log." actions={health.data && <Live updatedAt={health.dataUpdatedAt} failing={health.isError || health.failureCount > 0} />} />
      <Answer of={health} skeleton={<Loading rows={3} height={90} />}>
        {(h) => (
          <>
            {!h.workers.some((w) => w.alive) && (
              <div style={{ marginBottom: 14 }}>
                <Notice tone="bad">No worker is running. Predictions are still answered and logged, but they are not moved to their tables, explained or compared until you start one: <code>tiltyard worker</code>.</Notice>
              </div>
            )}
            <Figures health={h} />
            <div style={{ height: 14 }} />
            <Panel flush title="Workers">
              <Workers workers={h.workers} />
            </Panel>
            <div style={{ height: 14 }} />
            <Runs />
          </>
        )}
      </Answer>
    </>
  );
}

const up = (there: boolean) => <Status tone={there ? 'ok' : 'bad'}>{there ? 'up' : 'down'}</Status>;

function Figures({ health: h }: { health: Health }) {
  return (
    <Kpis label="Health">
      <Kpi name="PostgreSQL" value={up(h.database)} note="stores all data" />
      <Kpi name="Redis" value={up(h.redis)} note="queue and log intake" />
      <Kpi name="Log backlog" value={<span className="num">{count(h.intake_backlog)}</span>} note="logged, not yet in a table" />
      <Kpi name="Failed log entries" value={<span className="num">{count(h.dead_letters)}</span>} note={h.dead_letters === 0 ? 'dead letters: none' : 'dead letters: entries that could not be stored'} />
      <Kpi name="Log guarantee" value={<span style={{ fontSize: 13, fontWeight: 500, lineHeight: 1.45, letterSpacing: 0, display: 'block' }}>{h.log_guarantee}</span>} />
      <Kpi name="Version" value={h.version} />
    </Kpis>
  );
}

function Workers({ workers }: { workers: Health['workers'] }) {
  if (workers.length === 0) return <Empty title="No worker has reported">A running worker reports every few seconds. Start one: tiltyard worker.</Empty>;
  return (
    <ScrollX label="Workers">
      <Table miw={520}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Worker</Table.Th>
            <Table.Th>Host</Table.Th>
            <Table.Th className="right">Process</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Last seen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.map((w) => (
            <Table.Tr key={w.worker_id}>
              <Table.Td><code>{w.worker_id}</code></Table.Td>
              <Table.Td>{w.host ?? '–'}</Table.Td>
              <Table.Td className="right">{w.pid ?? '–'}</Table.Td>
              <Table.Td><Status tone={w.alive ? 'ok' : 'bad'}>{w.alive ? 'alive' : 'gone'}</Status></Table.Td>
              <Table.Td><Ago at={w.seen_at} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
