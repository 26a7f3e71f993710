import { Button, NumberInput, Radio, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { useMay } from '@/features/access/session';
import { queryClient, trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

const saved = {
  onSuccess: (group: Group) => {
    queryClient.setQueryData(trpc.groups.get.queryKey({ slug: group.slug }), group);
    notifications.show({ title: 'Saved', message: 'The change is in the audit log.', color: 'pine' });
  },
};

/** How long rows are kept, and whether they are archived before they go. */
export function Retention({ group }: { group: Group }) {
  const may = useMay('group:log:manage');
  const [days, setDays] = useState(group.log.retention_days);
  const [policy, setPolicy] = useState(group.log.retention_policy);
  const save = useMutation(trpc.groups.setRetention.mutationOptions(saved));
  return (
    <Form title="Retention" error={save.error} may={may} pending={save.isPending} label="Save retention" save={() => save.mutate({ slug: group.slug, days, policy })}>
      <NumberInput
        label="Keep rows for"
        description="Whole weeks go, once their last day is this old. Empty: rows are kept for good."
        suffix=" days"
        min={1}
        max={36_500}
        value={days ?? ''}
        onChange={(value) => setDays(typeof value === 'number' ? value : null)}
        w={320}
      />
      <Radio.Group label="Before they go" value={policy} onChange={(value) => setPolicy(value)}>
        <Stack gap={10} mt={8}>
          <Radio value="archive" label="Archive them" description="Written to Parquet with a manifest of row count and SHA-256, verified, and only then dropped." />
          <Radio value="drop" label="Nothing" description="They are dropped and cannot be brought back." />
        </Stack>
      </Radio.Group>
    </Form>
  );
}

/** A legal hold: nothing is removed while it stands. */
export function LegalHold({ group }: { group: Group }) {
  const may = useMay('group:log:manage');
  const held = group.log.legal_hold;
  const [reason, setReason] = useState('');
  const save = useMutation(trpc.groups.setLegalHold.mutationOptions(saved));
  const change = () => save.mutate({ slug: group.slug, reason: held ? null : reason });
  return (
    <Form title="Legal hold" error={save.error} may={may && (held !== null || reason !== '')} pending={save.isPending} label={held ? 'Lift the hold' : 'Hold the log'} save={change}>
      {held ? (
        <Notice tone="warn">Nothing is removed from this log, by retention, deletion or erasure: {held}</Notice>
      ) : (
        <TextInput label="Reason" description="While it stands, retention, deletion of the group and erasure of an entity are stopped." value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
      )}
    </Form>
  );
}

/** What is answered when neither Redis nor PostgreSQL takes a prediction. */
export function WhenUnlogged({ group }: { group: Group }) {
  const may = useMay('group:group:write');
  const [policy, setPolicy] = useState(group.log.when_unlogged);
  const [age, setAge] = useState(group.log.stale_max_seconds);
  const save = useMutation(trpc.groups.setWhenUnlogged.mutationOptions(saved));
  const change = () => save.mutate({ slug: group.slug, when_unlogged: policy, max_age_seconds: age });
  return (
    <Form title="When nothing can be put on record" error={save.error} may={may} pending={save.isPending} label="Save" save={change}>
      <Radio.Group label="With Redis and PostgreSQL both gone, a call is" value={policy} onChange={(value) => setPolicy(value)}>
        <Stack gap={10} mt={8}>
          <Radio value="refuse" label="refused" description="503, LOG_UNAVAILABLE." />
          <Radio value="stale" label="answered as the same inputs last were" description="Marked stale, with its age and the id of the inference it repeats. Needs a group that goes on without PostgreSQL (Control)." />
        </Stack>
      </Radio.Group>
      {policy === 'stale' && <NumberInput label="At most this old" suffix=" seconds" min={1} max={86_400} value={age} onChange={(value) => setAge(typeof value === 'number' ? value : 900)} w={220} />}
    </Form>
  );
}

interface FormProps {
  title: string;
  error: unknown;
  may: boolean;
  pending: boolean;
  label: string;
  save: () => void;
  children: ReactNode;
}

function Form({ title, error, may, pending, label, save, children }: FormProps) {
  return (
    <Panel title={title}>
      <Stack gap={18} maw={640}>
        {children}
        {error !== null && <Failure error={error} title="Nothing has changed" />}
        <Button size="sm" disabled={!may} loading={pending} onClick={save} style={{ alignSelf: 'flex-start' }}>
          {label}
        </Button>
      </Stack>
    </Panel>
  );
}
