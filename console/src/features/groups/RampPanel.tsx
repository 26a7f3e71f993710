import { Group as Row, Stack, Table, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Failure, Status, type Severity } from '@/components/States';
import { Ago } from '@/components/Time';
import { count, micros, percent, sentence, share, signed } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { RampEditor } from '@/features/groups/RampEditor';
import { queryClient, trpc } from '@/rpc/client';
import type { Group, Ramp } from '@/rpc/types';

const TONES: Record<Ramp['state'], Severity> = { running: 'info', paused: 'warn', completed: 'ok', rolled_back: 'bad', cancelled: 'warn' };
const isOpen = (ramp: Ramp) => ramp.state === 'running' || ramp.state === 'paused';

/** The running ramp, or a plan for the next; and the decisions of past ramps. */
export function RampPanel({ group }: { group: Group }) {
  const ramps = useQuery(trpc.groups.ramps.queryOptions({ slug: group.slug }, { refetchInterval: 2_000 }));
  return (
    <Panel title="Canary ramp">
      <Answer of={ramps}>
        {(all) => (
          <Stack gap={20}>
            {all.some(isOpen) ? all.filter(isOpen).map((ramp) => <Progress key={ramp.id} ramp={ramp} open />) : <RampEditor group={group} />}
            {all.filter((ramp) => !isOpen(ramp)).slice(0, 5).map((ramp) => (
              <details key={ramp.id} open={ramp === all[0]}>
                <summary style={{ cursor: 'pointer', marginBottom: 8 }}>
                  {ramp.label}, started by {ramp.started_by} <Ago at={ramp.started_at} /> <Status tone={TONES[ramp.state]}>{ramp.state.replace('_', ' ')}</Status>
                </summary>
                <Progress ramp={ramp} open={false} />
              </details>
            ))}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}

function Progress({ ramp, open }: { ramp: Ramp; open: boolean }) {
  return (
    <Stack gap={12}>
      <ol style={{ display: 'flex', flexWrap: 'wrap', gap: 8, listStyle: 'none', margin: 0, padding: 0 }} aria-label={`Steps of the ramp of ${ramp.label}`}>
        {ramp.steps.map((step, i) => {
          const done = i < ramp.step || ramp.state === 'completed';
          return (
            <li key={step.share} aria-current={open && i === ramp.step ? 'step' : undefined}>
              <Status tone={done ? 'ok' : i === ramp.step ? TONES[ramp.state] : 'info'}>
                {share(step.share)}
                {i === ramp.step && open && ', now'}
              </Status>
            </li>
          );
        })}
      </ol>
      <div role="status">
        {ramp.label}: {sentence(ramp.words)}
      </div>
      {open && <Steering ramp={ramp} />}
      <Decisions ramp={ramp} />
    </Stack>
  );
}

function Steering({ ramp }: { ramp: Ramp }) {
  const barred = useWhyNot('group:group:write', 'steering a ramp');
  const [reason, setReason] = useState('');
  const done = () => {
    setReason('');
    void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() });
  };
  const pause = useMutation(trpc.groups.pauseRamp.mutationOptions({ onSuccess: done }));
  const resume = useMutation(trpc.groups.resumeRamp.mutationOptions({ onSuccess: done }));
  const cancel = useMutation(trpc.groups.cancelRamp.mutationOptions({ onSuccess: done }));
  const failed = [pause, resume, cancel].find((one) => one.isError);
  const input = { slug: ramp.slug, reason: reason.trim() };
  return (
    <>
      <Row gap={10} align="end">
        <TextInput label="Reason" value={reason} onChange={(e) => setReason(e.currentTarget.value)} w={280} />
        {ramp.state === 'running' ? (
          <ActionButton variant="default" why={barred} reasonAt="tooltip" loading={pause.isPending} onClick={() => pause.mutate(input)}>
            Pause the ramp
          </ActionButton>
        ) : (
          <ActionButton variant="default" why={barred} reasonAt="tooltip" loading={resume.isPending} onClick={() => resume.mutate(input)}>
            Resume the ramp
          </ActionButton>
        )}
        <ActionButton variant="default" color="red" why={barred} loading={cancel.isPending} onClick={() => cancel.mutate(input)}>
          End the ramp here
        </ActionButton>
      </Row>
      {failed && <Failure error={failed.error} title="The ramp has not changed" />}
    </>
  );
}

function Decisions({ ramp }: { ramp: Ramp }) {
  return (
    <ScrollX label={`Decisions of the ramp of ${ramp.label}`}>
      <Table miw={720} withRowBorders={false}>
        <Table.Thead>
          <Table.Tr>
            {['When', 'Decision', 'Requests', 'Errors', 'p95', 'Outcomes', 'Loss, champion minus challenger', 'By'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ramp.decisions.map(({ number, at, by, decision, words, figures }) => (
            <Table.Tr key={number}>
              <Table.Td>
                <Ago at={at} />
              </Table.Td>
              <Table.Td>
                {sentence(decision.replace('_', ' '))}
                <div className="hint">{words}</div>
              </Table.Td>
              <Table.Td className="num">{figures && count(figures.requests)}</Table.Td>
              <Table.Td className="num">{figures?.error_rate != null && percent(figures.error_rate)}</Table.Td>
              <Table.Td className="num">{figures?.latency_p95_us != null && micros(figures.latency_p95_us)}</Table.Td>
              <Table.Td className="num">{figures && count(figures.outcomes)}</Table.Td>
              <Table.Td className="num">
                {figures?.loss_difference != null && figures.loss_low != null && figures.loss_high != null && `${signed(figures.loss_difference)} (${signed(figures.loss_low)} to ${signed(figures.loss_high)})`}
              </Table.Td>
              <Table.Td>{by}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
