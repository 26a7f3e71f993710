import { Table } from '@mantine/core';

import { MetricFigure } from '@/components/MetricFigure';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { count } from '@/components/format';
import { metricName } from '@/features/groups/metrics';
import type { Comparison } from '@/rpc/types';

/** Figures beyond the approved ones, by inverse propensity, where the group explores. */
export function Explored({ comparison }: { comparison: Comparison }) {
  const rows = comparison.contenders.flatMap((one) => (one.explored ? [{ label: one.label, of: one.explored }] : []));
  const first = rows[0];
  if (!first) return null;
  return (
    <Panel title="Beyond the approved, by exploration" note={`On ${first.of.on}`}>
      <ScrollX label="Figures by exploration">
        <Table miw={560}>
          <caption className="visually-hidden">Figures by inverse propensity, with 95 % intervals</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              {first.of.figures.map((one) => (
                <Table.Th key={one.metric}>{one.metric === 'bad_rate' ? 'Bad rate' : metricName(one.metric)}</Table.Th>
              ))}
              <Table.Th>Based on</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ label, of }) => (
              <Table.Tr key={label}>
                <Table.Th scope="row">{label}</Table.Th>
                {of.figures.map((one) => (
                  <Table.Td key={one.metric}>
                    <MetricFigure of={one.estimate} minimum={1} />
                  </Table.Td>
                ))}
                <Table.Td className="hint">
                  {count(of.known)} outcomes of {count(of.rows)} applications, {count(of.explored)} approved by lot
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <ByGroup rows={rows} />
      <p className="hint" style={{ marginBottom: 0 }}>
        Each outcome counts for all applications that it represents by the lot. Intervals are for a single look, and allow for applicants who ask often.
      </p>
    </Panel>
  );
}

/** Equal opportunity: the share of good applicants that the rule approves, by protected column and segment. */
function ByGroup({ rows }: { rows: { label: string; of: NonNullable<Comparison['contenders'][number]['explored']> }[] }) {
  const groups = rows.flatMap(({ label, of }) => of.groups.map((one) => ({ label, one })));
  if (groups.length === 0) return null;
  return (
    <ScrollX label="Figures by exploration, by group of people">
      <Table miw={560} mt="md">
        <caption>By protected column and segment. Compare the intervals, not the points.</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Version</Table.Th>
            <Table.Th>Group</Table.Th>
            <Table.Th>Approved, of the good ones</Table.Th>
            <Table.Th>Bad rate</Table.Th>
            <Table.Th ta="right">Applications</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map(({ label, one }) => (
            <Table.Tr key={label + one.column + one.value}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td>
                {one.column} {one.value}
              </Table.Td>
              <Table.Td>
                <MetricFigure of={one.approved_of_good} minimum={1} unit="share" />
              </Table.Td>
              <Table.Td>
                <MetricFigure of={one.bad_rate} minimum={1} unit="share" />
              </Table.Td>
              <Table.Td ta="right" className="num">{count(one.n)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
