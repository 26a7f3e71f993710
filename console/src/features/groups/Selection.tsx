import { Table } from '@mantine/core';

import { Panel } from '@/components/Panel';
import type { Tone } from '@/components/Roles';
import { ScrollX } from '@/components/ScrollX';
import { count, metric, percent } from '@/components/format';
import { metricName } from '@/features/groups/metrics';
import groupCss from '@/features/groups/groups.module.css';
import type { Comparison } from '@/rpc/types';

type SelectiveOutcomes = NonNullable<Comparison['selection']>;

interface SelectionProps {
  comparison: Comparison;
  selection: SelectiveOutcomes;
  tones: Tone[];
}

/** Outcomes that only some decisions reveal: where they are missing, and what figures over all requests can be. */
export function Selection({ comparison, selection, tones }: SelectionProps) {
  const toneOf = (id: string) => tones[comparison.contenders.findIndex((c) => c.version_id === id)]?.css;
  return (
    <Panel title="Outcomes that only some decisions reveal" note={selection.words}>
      <div className={groupCss.grid2} style={{ marginTop: 0 }}>
        {selection.shares.map((side) => (
          <ScrollX key={side.version_id} label={`Outcomes of ${side.label} by score`}>
            <Table>
              <caption>Outcomes of {side.label} that came in, by score</caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Score</Table.Th>
                  <Table.Th>Requests</Table.Th>
                  <Table.Th>Outcomes in</Table.Th>
                  <Table.Th aria-hidden="true" style={{ width: '40%' }} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {side.bands.map((band) => (
                  <Table.Tr key={band.low}>
                    <Table.Td className="num">
                      {metric(band.low, 3)} to {metric(band.high, 3)}
                    </Table.Td>
                    <Table.Td className="num">{count(band.asked)}</Table.Td>
                    <Table.Td className="num">{percent(band.known / Math.max(band.asked, 1), 0)}</Table.Td>
                    <Table.Td aria-hidden="true">
                      <div style={{ width: `${((100 * band.known) / Math.max(band.asked, 1)).toString()}%`, minWidth: 1, height: 8, borderRadius: 2, background: toneOf(side.version_id) }} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollX>
        ))}
      </div>
      <Bounds comparison={comparison} />
    </Panel>
  );
}

function Bounds({ comparison }: { comparison: Comparison }) {
  const rows = comparison.contenders.flatMap((c) => c.bounds.map((of) => ({ label: c.label, of })));
  if (rows.length === 0) return null;
  return (
    <ScrollX label="What figures over all requests can be">
      <Table mt="md">
        <caption>What figures over all requests can be. Each is a range, not an estimate.</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Version</Table.Th>
            <Table.Th>Figure</Table.Th>
            <Table.Th>Unknown outcomes</Table.Th>
            <Table.Th>Range</Table.Th>
            <Table.Th>With chance, 95 %</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ label, of }) => (
            <Table.Tr key={label + of.metric + of.assumption}>
              <Table.Td>{label}</Table.Td>
              <Table.Td>{of.metric === 'bad_rate' ? 'Bad rate' : metricName(of.metric)}</Table.Td>
              <Table.Td>
                {count(of.unknown)} of {count(of.n)}, {of.assumption === 'any' ? 'whatever they are' : 'as plausible for their scores'}
              </Table.Td>
              <Table.Td className="num">
                {metric(of.within.low, 3)} to {metric(of.within.high, 3)}
              </Table.Td>
              <Table.Td className="num">
                {metric(of.with_chance.low, 3)} to {metric(of.with_chance.high, 3)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
