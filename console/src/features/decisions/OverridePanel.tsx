import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer } from '@/components/States';
import { count, NOTHING, percent } from '@/components/format';
import type { OverrideRate, Overrides } from '@/features/decisions/types';
import { trpc } from '@/rpc/client';

/** How often persons and policies decided otherwise than recommended. */
export function OverridePanel({ slug }: { slug: string }) {
  const found = useQuery(trpc.decisions.overrides.queryOptions({ slug }, { refetchInterval: 15_000 }));
  return (
    <Panel title="Overrides" note="final decisions of the last 90 days that differ from the recommended one">
      <Answer of={found}>{(data) => (data.total.told === 0 ? <None recommended={data.recommended} /> : <Figures of={data} />)}</Answer>
    </Panel>
  );
}

function None({ recommended }: { recommended: number }) {
  return (
    <p className="hint" style={{ margin: 0 }}>
      {recommended === 0 ? 'No answer has carried a decision yet.' : `${count(recommended)} answers carried a decision, and no final decision has been told.`} Tell what was finally done by <code>POST /v1/decisions</code>.
    </p>
  );
}

function Figures({ of }: { of: Overrides }) {
  const parts: [string, OverrideRate[]][] = [
    ['Version', of.by_version],
    ['Decided by', of.by_kind],
    ['Group', of.by_person_group],
    ['Reason', of.by_reason],
  ];
  return (
    <>
      <p style={{ marginTop: 0 }}>
        {count(of.total.overridden)} of {count(of.total.told)} final decisions are overrides. {count(of.recommended - of.total.told)} answers wait for their final decision.
      </p>
      <ScrollX label="Override rates">
        <Table miw={480}>
          <caption className="visually-hidden">Override rates with 95 % intervals</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>By</Table.Th>
              <Table.Th>Value</Table.Th>
              <Table.Th ta="right">Overrides</Table.Th>
              <Table.Th ta="right">Rate and 95 % interval</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <Line what="All" name="" rate={of.total} />
            {parts.flatMap(([what, rates]) => rates.map((rate) => <Line key={`${what} ${rate.name ?? ''}`} what={what} name={rate.name ?? 'not stated'} rate={rate} />))}
            {of.by_direction.map((way) => (
              <Line key={`${way.version} ${way.recommended} ${way.final}`} what="Direction" name={`${way.version}: ${way.recommended} → ${way.final}`} rate={{ ...way, name: null }} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
    </>
  );
}

function Line({ what, name, rate }: { what: string; name: string; rate: OverrideRate }) {
  return (
    <Table.Tr>
      <Table.Td>{what}</Table.Td>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td ta="right" className="num">{count(rate.overridden)} of {count(rate.told)}</Table.Td>
      <Table.Td ta="right" className="num">
        {rate.rate === null ? NOTHING : percent(rate.rate)} {rate.interval && <span className="hint">{percent(rate.interval.low)} to {percent(rate.interval.high)}</span>}
      </Table.Td>
    </Table.Tr>
  );
}
