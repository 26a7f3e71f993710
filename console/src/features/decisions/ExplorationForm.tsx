import { Group as Row, NumberInput, Select, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Failure } from '@/components/States';
import { plural } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { queryClient, trpc } from '@/rpc/client';

interface Draft {
  low: number | null;
  high: number | null;
  share: number | null;
  loss_budget: number | null;
  loss_each: number | null;
  days: number | null;
}

const FIRST: Draft = { low: null, high: null, share: 2, loss_budget: null, loss_each: null, days: 30 };
const FIELDS: { key: keyof Draft; label: string; width: number }[] = [
  { key: 'low', label: 'Scores from', width: 110 },
  { key: 'high', label: 'to below', width: 110 },
  { key: 'share', label: 'Share by lot, %', width: 120 },
  { key: 'loss_budget', label: 'Loss budget', width: 130 },
  { key: 'loss_each', label: 'Most lost on one', width: 130 },
  { key: 'days', label: 'Days', width: 90 },
];
const DAY = 86_400_000;
const MOST_DAYS = 3_650;

/** Asks for an exploration. `approves` are the decisions that the lot may give. */
export function ExplorationForm({ slug, approves }: { slug: string; approves: string[] }) {
  const [draft, setDraft] = useState(FIRST);
  const [reason, setReason] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const decision = chosen !== null && approves.includes(chosen) ? chosen : approves[0];
  const barred = useWhyNot('decision:group:write', 'asking for an exploration');
  const ask = useMutation(
    trpc.decisions.requestExploration.mutationOptions({
      onSuccess: () => {
        notifications.show({ title: 'Asked', message: 'It begins when another person approves it.', color: 'pine' });
        void queryClient.invalidateQueries({ queryKey: trpc.decisions.explorations.queryKey({ slug }) });
      },
    }),
  );
  const { low, high, share, loss_budget, loss_each, days } = draft;
  const complete = low !== null && high !== null && !!share && !!loss_budget && !!loss_each && !!days && days <= MOST_DAYS && decision !== undefined;
  const approvals = loss_budget && loss_each ? Math.floor(loss_budget / loss_each) : null;
  const send = () => {
    if (complete) ask.mutate({ slug, reason, terms: { low, high, share: share / 100, loss_budget, loss_each, until: new Date(Date.now() + days * DAY).toISOString(), decision } });
  };
  return (
    <div>
      <Row gap={12} align="flex-end">
        {FIELDS.map(({ key, label, width }) => (
          <NumberInput key={key} size="xs" w={width} label={label} value={draft[key] ?? ''} onChange={(value) => setDraft({ ...draft, [key]: typeof value === 'number' ? value : null })} />
        ))}
        {approves.length > 1 && <Select size="xs" w={150} label="They get" data={approves} value={decision ?? null} onChange={setChosen} allowDeselect={false} />}
        <TextInput size="xs" w={260} label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      </Row>
      <Row gap={12} mt={12}>
        <ActionButton size="sm" why={barred ?? (decision === undefined ? 'State which decisions approve, above.' : complete ? null : 'State the band, the share, the budget and the days.')} loading={ask.isPending} onClick={send}>
          Ask for exploration
        </ActionButton>
        {approvals !== null && <span className="hint">At most {plural(approvals, 'approval')} by lot.</span>}
      </Row>
      {ask.error && <Failure error={ask.error} title="Nothing has been asked for" />}
    </div>
  );
}
