import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer } from '@/components/States';
import { dayOf, figure } from '@/components/format';
import { Between, Shown } from '@/features/decisions/CutoffFigures';
import { trpc } from '@/rpc/client';

/** The cut-offs tried so far: the value expected before the change, and the one measured since. */
export function CutoffTrials({ slug }: { slug: string }) {
  const found = useQuery(trpc.decisions.cutoffTrials.queryOptions({ slug }));
  const comparison = useQuery(trpc.groups.comparison.queryOptions({ slug }, { refetchInterval: 15_000 }));
  const measured = (id: string) => comparison.data?.contenders.find((one) => one.version_id === id)?.value;
  return (
    <Panel title="Cut-offs tried" note="value per application, expected before the change and measured in the current phase">
      <Answer of={found}>
        {({ trials }) =>
          trials.length === 0 ? (
            <p className="hint" style={{ margin: 0 }}>None yet. Choose a cut-off above and try it as a shadow or challenger.</p>
          ) : (
            <ScrollX label="Cut-offs tried">
              <Table miw={620}>
                <caption className="visually-hidden">Cut-offs tried, with expected and measured value</caption>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Version</Table.Th>
                    <Table.Th ta="right">Cut-off</Table.Th>
                    <Table.Th>Tried</Table.Th>
                    <Table.Th ta="right">Expected</Table.Th>
                    <Table.Th ta="right">Measured</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {trials.map((trial) => {
                    const now = measured(trial.version_id);
                    return (
                      <Table.Tr key={trial.version_id}>
                        <Table.Th scope="row">
                          {trial.version} <span className="hint">of {trial.of}, {trial.role}</span>
                        </Table.Th>
                        <Table.Td ta="right" className="num">{figure(trial.cut)}</Table.Td>
                        <Table.Td>{dayOf(trial.at)}</Table.Td>
                        <Table.Td ta="right" className="num">{trial.expected.value === null && trial.expected_least !== null && trial.expected_most !== null ? <Between least={trial.expected_least} most={trial.expected_most} /> : <Shown of={trial.expected} kind="money" />}</Table.Td>
                        <Table.Td ta="right" className="num">{now ? <Shown of={now} kind="money" /> : <span className="hint">not in the current phase</span>}</Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </ScrollX>
          )
        }
      </Answer>
    </Panel>
  );
}
