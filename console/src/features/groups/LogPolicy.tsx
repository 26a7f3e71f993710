import { Group as Row, Radio, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { UnitInput } from '@/components/UnitInput';
import { useWhyNot } from '@/features/access/powers';
import { queryClient, trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

const saved = {
  onSuccess: (group: Group) => {
    queryClient.setQueryData(trpc.groups.get.queryKey({ slug: group.slug }), group);
    notifications.show({ title: 'Saved', message: 'The change is in the audit log.', color: 'pine' });
  },
};

const NOTHING_TO_SAVE = 'Nothing to save.';

/** How long rows are kept, and whether they are archived before they go. */
export function Retention({ group }: { group: Group }) {
  const barred = useWhyNot('group:log:manage', 'changing how long rows are kept');
  const [days, setDays] = useState(group.log.retention_days);
  const [policy, setPolicy] = useState(group.log.retention_policy);
  const save = useMutation(trpc.groups.setRetention.mutationOptions(saved));
  const unchanged = days === group.log.retention_days && policy === group.log.retention_policy;
  return (
    <Form title="Retention" error={save.error} why={barred ?? (unchanged ? NOTHING_TO_SAVE : null)} pending={save.isPending} label="Save retention" save={() => save.mutate({ slug: group.slug, days, policy })}>
      <UnitInput
        label="Keep rows for"
        description="Whole weeks are removed once their last day is this old. Empty: rows are kept indefinitely."
        unit="day"
        min={1}
        max={36_500}
        value={days}
        onChange={setDays}
        styles={{ wrapper: { maxWidth: 200 } }}
      />
      <Radio.Group label="Before removal" value={policy} onChange={(value) => setPolicy(value)}>
        <Stack gap={10} mt={8}>
          <Radio value="archive" label="Archive" description="Written to Parquet with a manifest of row count and SHA-256, verified, and only then dropped." />
          <Radio value="drop" label="Delete without an archive" description="They cannot be restored." />
        </Stack>
      </Radio.Group>
    </Form>
  );
}

/** A legal hold: nothing is removed while it is in force. */
export function LegalHold({ group }: { group: Group }) {
  const barred = useWhyNot('group:log:manage', 'holding a log');
  const held = group.log.legal_hold;
  const [reason, setReason] = useState('');
  const save = useMutation(trpc.groups.setLegalHold.mutationOptions(saved));
  const change = () => save.mutate({ slug: group.slug, reason: held ? null : reason });
  return (
    <Form title="Legal hold" error={save.error} why={barred ?? (held === null && reason.trim() === '' ? 'Give a reason.' : null)} pending={save.isPending} label={held ? 'Lift the hold' : 'Hold the log'} save={change}>
      {held ? (
        <Notice tone="warn">Nothing is removed from this log, by retention, deletion or erasure: {held}</Notice>
      ) : (
        <TextInput label="Reason" description="While the hold is in force, nothing is removed by retention, deletion of the group or erasure of an entity." value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
      )}
    </Form>
  );
}

/** The answer when neither Redis nor PostgreSQL stores a prediction. */
export function WhenUnlogged({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:write', 'changing a group');
  const [policy, setPolicy] = useState(group.log.when_unlogged);
  const [age, setAge] = useState(group.log.stale_max_seconds);
  const save = useMutation(trpc.groups.setWhenUnlogged.mutationOptions(saved));
  const change = () => save.mutate({ slug: group.slug, when_unlogged: policy, max_age_seconds: age });
  const unchanged = policy === group.log.when_unlogged && age === group.log.stale_max_seconds;
  return (
    <Form title="When nothing can be logged" error={save.error} why={barred ?? (unchanged ? NOTHING_TO_SAVE : null)} pending={save.isPending} label="Save" save={change}>
      <Radio.Group label="With Redis and PostgreSQL both unavailable, a request is" value={policy} onChange={(value) => setPolicy(value)}>
        <Stack gap={10} mt={8}>
          <Radio value="refuse" label="rejected" description="503, LOG_UNAVAILABLE." />
          <Radio value="stale" label="answered with the last answer to the same inputs" description="Marked stale, with its age and the id of the inference it repeats. Requires a group that continues to answer without PostgreSQL (see Control)." />
        </Stack>
      </Radio.Group>
      {policy === 'stale' && <UnitInput label="At most this old" unit="second" min={1} max={86_400} value={age} onChange={(value) => setAge(value ?? 900)} w={220} />}
    </Form>
  );
}

interface FormProps {
  title: string;
  error: unknown;
  why: string | null;
  pending: boolean;
  label: string;
  save: () => void;
  children: ReactNode;
}

function Form({ title, error, why, pending, label, save, children }: FormProps) {
  return (
    <Panel title={title}>
      <Stack gap={18} maw={640}>
        {children}
        {error !== null && <Failure error={error} title="Nothing has changed" />}
        <Row gap={12}>
          <ActionButton size="sm" why={why} loading={pending} onClick={save}>
            {label}
          </ActionButton>
        </Row>
      </Stack>
    </Panel>
  );
}
