import { NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Failure } from '@/components/States';
import { slugProblem, suggestSlug } from '@/components/slug';
import { MembersEditor } from '@/features/groups/MembersEditor';
import { draft, problemWith, specsOf } from '@/features/groups/members';
import { DIRECTIONS, type PositiveScores } from '@/features/groups/positive';
import { queryClient, trpc } from '@/rpc/client';
import type { Inputs } from '@/rpc/types';

type DecisionMetric = NonNullable<Inputs['groups']['create']['decision_metric']>;

const DECIDES: { value: DecisionMetric; label: string }[] = [
  { value: 'brier', label: 'Brier score' },
  { value: 'log_loss', label: 'Log loss' },
  { value: 'accuracy', label: 'Accuracy' },
  { value: 'roc_auc', label: 'ROC AUC (scores that only rank)' },
];

/** A new group: its name, who is in it, and what it decides by. */
export function NewGroup() {
  const navigate = useNavigate();
  const [rows, setRows] = useState(() => [draft({ role: 'champion', percent: 100 })]);
  const [ownSlug, setOwnSlug] = useState(false);
  const form = useForm({
    initialValues: { name: '', slug: '', decision_metric: 'brier' as DecisionMetric, threshold: 0.5, positive_scores: 'higher' as PositiveScores },
    validate: { name: (v) => (v.trim() ? null : 'Give the group a name'), slug: slugProblem, threshold: (v) => (Number.isFinite(v) ? null : 'A number, in the score’s own scale') },
  });
  const create = useMutation(
    trpc.groups.create.mutationOptions({
      onSuccess: (group) => {
        void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() });
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        void navigate({ to: '/groups/$slug', params: { slug: group.slug } });
      },
    }),
  );
  const problem = problemWith(rows);
  return (
    <>
      <PageHead crumbs={[<Link key="g" to="/groups">Groups</Link>]} title="New group" lede="One endpoint with a champion. Challengers can join now or later." />
      <form noValidate onSubmit={form.onSubmit(({ positive_scores, ...rest }) => create.mutate({ ...rest, name: rest.name.trim(), members: specsOf(rows), settings: { positive_scores } }))}>
        <Stack gap={14} maw={860}>
          <Panel title="Name">
            <Stack gap={14}>
              <TextInput
                label="Name"
                placeholder="Live credit scoring"
                {...form.getInputProps('name')}
                onChange={(e) => {
                  form.setFieldValue('name', e.currentTarget.value);
                  if (!ownSlug) suggestSlug(e.currentTarget.value, (slug) => form.setFieldValue('slug', slug));
                }}
              />
              <TextInput
                label="Slug"
                description="In the endpoint’s address and the log table’s name. It cannot be changed later."
                {...form.getInputProps('slug')}
                onChange={(e) => {
                  setOwnSlug(true);
                  form.setFieldValue('slug', e.currentTarget.value);
                }}
              />
            </Stack>
          </Panel>
          <Panel title="Versions and traffic">
            <MembersEditor rows={rows} change={setRows} />
          </Panel>
          <Panel title="Decision">
            <div style={{ display: 'flex', gap: 16, flexWrap: 'wrap', alignItems: 'flex-end' }}>
              <Select label="Positive class at" w={300} maw="100%" data={DIRECTIONS} allowDeselect={false} {...form.getInputProps('positive_scores')} />
              <NumberInput label="Threshold" w={140} step={0.05} decimalScale={4} {...form.getInputProps('threshold')} />
              <Select label="Compare contenders on" w={260} maw="100%" data={DECIDES} allowDeselect={false} {...form.getInputProps('decision_metric')} />
            </div>
            <p className="hint" style={{ margin: '10px 0 0' }}>For scores that fall as the risk rises, such as credit points, choose the lower ones. The threshold is in the score’s own scale.</p>
          </Panel>
          {create.isError && <Failure error={create.error} title="The group has not been created" />}
          <div style={{ display: 'flex', gap: 12, alignItems: 'center', justifyContent: 'flex-end' }}>
            <ActionButton type="submit" size="sm" loading={create.isPending} why={problem} reasonAt="before">
              Create group
            </ActionButton>
          </div>
        </Stack>
      </form>
    </>
  );
}
