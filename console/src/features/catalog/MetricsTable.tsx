import { Table } from '@mantine/core';

import { ScrollX } from '@/components/ScrollX';
import { figure, mark, metric, NOTHING, splitWords, wordsOf } from '@/components/format';
import type { Metric } from '@/rpc/types';

const short = (value: number) => (Number.isInteger(value) ? figure(value) : metric(value));

/** Every figure the document states. */
export function MetricsTable({ metrics }: { metrics: Metric[] }) {
  return (
    <ScrollX label="Stated metrics">
      <Table miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Metric</Table.Th>
            <Table.Th className="right">Value</Table.Th>
            <Table.Th>Interval</Table.Th>
            <Table.Th>Split</Table.Th>
            <Table.Th>Slice or class</Table.Th>
            <Table.Th className="right">Threshold</Table.Th>
            <Table.Th className="right">n</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {metrics.map((m, i) => (
            <Table.Tr key={i}>
              <Table.Td>{wordsOf(m.name)}{m.average && <span className="hint"> {m.average}</span>}</Table.Td>
              <Table.Td className="right">{short(m.value)}</Table.Td>
              <Table.Td>{m.ci ? `${short(m.ci.low)} to ${short(m.ci.high)} (${(m.ci.level * 100).toFixed(0)} %)` : NOTHING}</Table.Td>
              <Table.Td>{m.split ? splitWords(m.split) : NOTHING}</Table.Td>
              <Table.Td>{[m.slice, m.class].filter(Boolean).join(', ') || NOTHING}</Table.Td>
              <Table.Td className="right">{m.threshold === null ? NOTHING : mark(m.threshold)}</Table.Td>
              <Table.Td className="right">{m.n === null ? NOTHING : figure(m.n)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
