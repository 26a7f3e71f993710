import { Button, Group as Row, NumberInput, Select, Stack, Switch, Table, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton, IconButton } from '@/components/ActionButton';
import { ScrollX } from '@/components/ScrollX';
import { Failure } from '@/components/States';
import { UnitInput } from '@/components/UnitInput';
import { useWhyNot } from '@/features/access/powers';
import { useReadyVersions } from '@/features/catalog/useReadyVersions';
import { ServingImpact, useServingImpact } from '@/features/groups/ServingImpact';
import { queryClient, trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

interface Step {
  key: number;
  percent: number;
  minutes: number;
  answers: number;
}

const PLAN: Step[] = [1, 5, 25, 50, 100].map((percent, key) => ({ key, percent, minutes: 60, answers: 100 }));
const numeric = (value: string | number, other = 0) => (typeof value === 'number' ? value : other);

/** Why a ramp cannot start yet, in words; null when it can. */
export function whyNot({ barred, pending, others, version }: { barred: string | null; pending: boolean; others: number; version: string | null }): string | null {
  if (barred) return barred;
  if (version) return null;
  if (pending) return 'The versions are being listed.';
  return others > 0 ? 'Choose a challenger above to start a ramp.' : 'No version but the champion is ready. Upload an artifact to another version first.';
}

/** A plan: which version, by which steps, and what takes its share away. */
export function RampEditor({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:write', 'starting a ramp');
  const { versions, pending } = useReadyVersions();
  const champion = group.phase.members.find((m) => m.role === 'champion')?.version_id;
  const [version, setVersion] = useState(group.phase.members.find((m) => m.role !== 'champion')?.version_id ?? null);
  const [steps, setSteps] = useState(PLAN);
  const [errors, setErrors] = useState(1);
  const [latency, setLatency] = useState<number | null>(null);
  const [loss, setLoss] = useState(true);
  const [reason, setReason] = useState('');
  const start = useMutation(trpc.groups.startRamp.mutationOptions({ onSuccess: () => void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() }) }));
  const impact = useServingImpact({ slug: group.slug, champion: null, challengers: version ? [version] : [] });
  const others = versions.filter((v) => v.id !== champion);
  const why = whyNot({ barred, pending, others: others.length, version });
  const set = (key: number, part: Partial<Step>) => setSteps((all) => all.map((step) => (step.key === key ? { ...step, ...part } : step)));
  const begin = () => {
    if (!version) return;
    start.mutate({
      slug: group.slug,
      phase: group.phase.number,
      version_id: version,
      steps: steps.map((step) => ({ share: Math.round(step.percent * 100), hold_seconds: Math.round(step.minutes * 60), min_answers: step.answers })),
      guardrails: { max_error_rate: errors / 100, max_latency_p95_ms: latency, loss },
      reason: reason.trim(),
    });
  };
  return (
    <Stack gap={16}>
      <p className="hint" style={{ margin: 0 }}>
        The challenger&rsquo;s share rises step by step while it stays within the guardrails. The champion gives up that share; other versions keep theirs. If the challenger breaks a guardrail, its whole share returns
        to the champion and an alert opens. Each step is a phase.
      </p>
      <Select
        label="Challenger"
        data={others.map((v) => ({ value: v.id, label: `${v.model_name} ${v.label}` }))}
        value={version}
        onChange={setVersion}
        w={320}
        maw="100%"
      />
      <ServingImpact of={impact} />
      <ScrollX label="Steps">
        <Table miw={520} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Share</Table.Th>
              <Table.Th>Holds for</Table.Th>
              <Table.Th>At least</Table.Th>
              <Table.Th>
                <span className="visually-hidden">Remove</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {steps.map((step, i) => (
              <Table.Tr key={step.key}>
                <Table.Td>
                  <NumberInput aria-label={`Share of step ${(i + 1).toString()}`} suffix=" %" min={0.01} max={100} decimalScale={2} value={step.percent} onChange={(v) => set(step.key, { percent: numeric(v) })} />
                </Table.Td>
                <Table.Td>
                  <NumberInput aria-label={`Minutes of step ${(i + 1).toString()}`} suffix=" min" min={0} decimalScale={2} value={step.minutes} onChange={(v) => set(step.key, { minutes: numeric(v) })} />
                </Table.Td>
                <Table.Td>
                  <UnitInput aria-label={`Requests of step ${(i + 1).toString()}`} unit="request" min={0} value={step.answers} onChange={(v) => set(step.key, { answers: v ?? 0 })} />
                </Table.Td>
                <Table.Td>
                  <IconButton aria-label={`Remove step ${(i + 1).toString()}`} why={steps.length === 1 ? 'A ramp has at least one step.' : null} onClick={() => setSteps((all) => all.filter((one) => one.key !== step.key))}>
                    <IconTrash size={15} />
                  </IconButton>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <Button
        variant="default"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: 'flex-start' }}
        onClick={() => setSteps((all) => [...all, { key: Math.max(...all.map((s) => s.key)) + 1, percent: Math.min(100, (all.at(-1)?.percent ?? 0) + 10), minutes: 60, answers: 100 }])}
      >
        Add a step
      </Button>
      <Row gap={16} align="end">
        <NumberInput label="Errors, at most" suffix=" %" min={0} max={100} decimalScale={2} value={errors} onChange={(v) => setErrors(numeric(v))} w={140} />
        <NumberInput label="Latency p95, at most" suffix=" ms" min={0} value={latency ?? ''} placeholder="any" onChange={(v) => setLatency(typeof v === 'number' ? v : null)} w={170} />
        <Switch label="Roll back when its loss is proven higher" checked={loss} onChange={(e) => setLoss(e.currentTarget.checked)} mb={8} />
      </Row>
      <TextInput label="Reason" value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
      {start.isError && <Failure error={start.error} title="The ramp has not started" />}
      <Row gap={12}>
        <ActionButton size="sm" why={why} loading={start.isPending} onClick={begin}>
          Start the ramp
        </ActionButton>
      </Row>
    </Stack>
  );
}
