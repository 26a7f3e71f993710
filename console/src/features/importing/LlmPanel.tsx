import { Button, Code, Table } from '@mantine/core';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Notice } from '@/components/States';
import { count, plural } from '@/components/format';
import type { Revise } from '@/features/importing/types';
import { say } from '@/features/importing/words';
import type { ImportDraft } from '@/rpc/types';

type Report = NonNullable<ImportDraft['llm']>;

/** The question to a language model, and the accepted and refused parts of its answer. */
export function LlmPanel({ report, draft, revise }: { report: Report; draft: ImportDraft; revise: Revise }) {
  const confirmed = report.unsupported.filter((one) => one.confirmed).map((one) => one.target);
  return (
    <Panel title={`What ${report.connector} did`} note={report.model ?? undefined}>
      {report.message ? (
        <Notice tone="warn">{report.message} The hub’s own reading stands.</Notice>
      ) : (
        <p style={{ margin: 0 }}>
          {plural(report.accepted.length, 'rule')} taken, {count(report.refused.length)} refused, in {plural(report.calls, 'call')} and {report.seconds.toFixed(1)} s; {count(report.input_tokens)} tokens in, {count(report.output_tokens)} out.
        </p>
      )}
      {report.sent.length > 0 && (
        <details style={{ marginTop: 10 }}>
          <summary>What left the hub</summary>
          {report.sent.map((text, i) => <Code key={i} block mah={320} mt={8} style={{ overflow: 'auto' }} tabIndex={0}>{text}</Code>)}
        </details>
      )}
      {report.refused.length > 0 && (
        <ScrollX label="Refused rules">
          <Table miw={560} mt={10}>
            <Table.Thead><Table.Tr><Table.Th>Refused</Table.Th><Table.Th>Why</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {report.refused.map((one, i) => <Table.Tr key={i}><Table.Td><code>{say(one.rule)}</code></Table.Td><Table.Td>{one.reason}</Table.Td></Table.Tr>)}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
      {report.unsupported.length > 0 && (
        <ScrollX label="Values that the file does not contain">
          <Table miw={560} mt={10}>
            <Table.Thead><Table.Tr><Table.Th>Not in the file</Table.Th><Table.Th>Value</Table.Th><Table.Th>Why</Table.Th><Table.Th /></Table.Tr></Table.Thead>
            <Table.Tbody>
              {report.unsupported.map((one) => (
                <Table.Tr key={one.target}>
                  <Table.Td><code>{one.target}</code></Table.Td>
                  <Table.Td>{say(one.value)}</Table.Td>
                  <Table.Td>{one.reason}</Table.Td>
                  <Table.Td>
                    {one.confirmed ? (
                      <Button variant="subtle" color="gray" onClick={() => revise({ confirmed: confirmed.filter((target) => target !== one.target) })}>Take back</Button>
                    ) : (
                      <ActionButton variant="default" why={draft.document ? null : 'Choose one of the models first.'} onClick={() => revise({ confirmed: [...confirmed, one.target] })}>I know it is right</ActionButton>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
    </Panel>
  );
}
