import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { count, figure, NOTHING, percent } from '@/components/format';
import type { SwapSet } from '@/features/decisions/types';
import { problemOf } from '@/rpc/errors';
import { trpc } from '@/rpc/client';

/** Applications that a shadow and the answering version decide alike, and those that only one would approve. */
export function SwapPanel({ slug }: { slug: string }) {
  const found = useQuery(trpc.decisions.swapSet.queryOptions({ slug }, { retry: false }));
  return (
    <Panel title="Swap set" note={found.data ? `of ${found.data.shadow} and ${found.data.answered.join(', ') || 'the answering version'}, on the same ${count(found.data.rows)} mature applications` : undefined}>
      {found.error && <p className="hint" style={{ margin: 0 }}>{problemOf(found.error).message}</p>}
      {found.data && <Parts of={found.data} />}
    </Panel>
  );
}

function Parts({ of }: { of: SwapSet }) {
  const names = { both: 'Both approve', only_answered: 'Only the answering version', only_shadow: `Only ${of.shadow}`, neither: 'Neither' };
  return (
    <>
      <p style={{ marginTop: 0 }}>{of.words}</p>
      {of.rows > 0 && (
        <ScrollX label="Swap set">
          <Table miw={640}>
            <caption className="visually-hidden">The swap set: applications, known outcomes, bad rate and value</caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Approved by</Table.Th>
                <Table.Th ta="right">Applications</Table.Th>
                <Table.Th ta="right">Outcome known</Table.Th>
                <Table.Th ta="right">Bad rate of the known</Table.Th>
                <Table.Th ta="right">Bad rate of all, range</Table.Th>
                <Table.Th ta="right">Value as answered{of.currency && `, ${of.currency}`}</Table.Th>
                <Table.Th ta="right">Value by {of.shadow}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {of.parts.map((part) => (
                <Table.Tr key={part.name}>
                  <Table.Th scope="row">{names[part.name]}</Table.Th>
                  <Table.Td ta="right" className="num">{count(part.n)}</Table.Td>
                  <Table.Td ta="right" className="num">{count(part.known)}</Table.Td>
                  <Table.Td ta="right" className="num">
                    {part.bad_rate.value === null ? <span className="hint">not known</span> : percent(part.bad_rate.value)} {part.bad_rate.interval && <span className="hint">{percent(part.bad_rate.interval.low)} to {percent(part.bad_rate.interval.high)}</span>}
                  </Table.Td>
                  <Table.Td ta="right" className="num">{part.least === null || part.most === null ? NOTHING : `${percent(part.least)} to ${percent(part.most)}`}</Table.Td>
                  <Table.Td ta="right" className="num">{valueOf(part.answered_value, part.answered_value_n, part.n)}</Table.Td>
                  <Table.Td ta="right" className="num">{valueOf(part.shadow_value, part.shadow_value_n, part.n)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
    </>
  );
}

function valueOf(value: number | null, n: number, all: number) {
  if (value === null) return <span className="hint">not known</span>;
  return (
    <>
      {figure(value)} {n < all && <span className="hint">of {count(n)}</span>}
    </>
  );
}
