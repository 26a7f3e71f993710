import { Group as Row, NumberInput, Radio, Select, Stack, Switch, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure } from '@/components/States';
import { useWhyNot } from '@/features/access/powers';
import { keepGroup } from '@/features/groups/HaltPanel';
import { DIRECTIONS } from '@/features/groups/positive';
import { trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

const KEYS = [
  { value: 'entity_key', label: 'Entity key: an applicant always gets the same version' },
  { value: 'correlation_id', label: 'Correlation id' },
  { value: 'inference_id', label: 'Nothing: each request separately' },
  { value: 'segments.', label: 'A segment: its members get the same version' },
];

/** A field for a number is narrow; its words are not. */
const NARROW = { wrapper: { maxWidth: 200 } };

/** How a group answers, and what its promotions need. */
export function SettingsPanel({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:write', 'changing settings');
  const [draft, setDraft] = useState(group.settings);
  const set = (part: Partial<Group['settings']>) => setDraft((now) => ({ ...now, ...part }));
  const save = useMutation(
    trpc.groups.configure.mutationOptions({
      onSuccess: (saved) => {
        keepGroup(saved);
        setDraft(saved.settings);
        notifications.show({ title: 'Saved', message: 'The settings are in force in every process.', color: 'pine' });
      },
    }),
  );
  const segment = draft.routing_key.startsWith('segments.');
  const unchanged = JSON.stringify(draft) === JSON.stringify(group.settings);
  return (
    <Panel title="Settings">
      <Stack gap={20} maw={640}>
        <Radio.Group label="A process that has lost PostgreSQL for 600 ms" value={draft.on_control_loss} onChange={(value) => set({ on_control_loss: value })}>
          <Stack gap={10} mt={8}>
            <Radio value="refuse" label="rejects requests" description="It rejects requests until the connection is back, because it cannot know whether the group was halted." />
            <Radio value="stale" label="goes on answering" description="It uses the last known split and marks each answer as stale. A halt cannot reach it." />
          </Stack>
        </Radio.Group>
        <NumberInput
          label="Time budget of challengers"
          description="If a challenger takes longer, the champion answers and the row says so. Empty: no limit."
          suffix=" ms"
          min={1}
          max={60_000}
          value={draft.time_budget_ms ?? ''}
          onChange={(value) => set({ time_budget_ms: typeof value === 'number' ? value : null })}
          styles={NARROW}
        />
        <Select
          label="Requests are routed by"
          description="Another key opens a new phase."
          allowDeselect={false}
          data={KEYS}
          value={segment ? 'segments.' : draft.routing_key}
          onChange={(value) => set({ routing_key: value === 'segments.' ? 'segments.branch' : (value ?? 'entity_key') })}
        />
        {segment && <TextInput label="Segment" value={draft.routing_key.slice('segments.'.length)} onChange={(e) => set({ routing_key: `segments.${e.currentTarget.value}` })} styles={NARROW} />}
        <Switch label="A promotion needs a verdict for the promoted version" checked={draft.require_verdict} onChange={(e) => set({ require_verdict: e.currentTarget.checked })} />
        <NumberInput
          label="A promotion needs the outcomes of this share of predictions"
          suffix=" %"
          min={0}
          max={100}
          value={draft.min_matured_share * 100}
          onChange={(value) => set({ min_matured_share: typeof value === 'number' ? value / 100 : 0 })}
          styles={NARROW}
        />
        <NumberInput
          label="Outcomes are due after"
          description="The comparison uses predictions that are at least this old. Empty: the hub estimates it from the outcomes so far, which is less reliable early in a phase."
          suffix=" h"
          min={0}
          value={draft.maturity_hours ?? ''}
          onChange={(value) => set({ maturity_hours: typeof value === 'number' ? value : null })}
          styles={NARROW}
        />
        <Select
          label="Positive class at"
          description="For scores that fall as the risk rises, such as credit points, choose the lower ones."
          allowDeselect={false}
          data={DIRECTIONS}
          value={draft.positive_scores}
          onChange={(value) => set({ positive_scores: value === 'lower' ? 'lower' : 'higher' })}
        />
        <Switch
          label="Ignore inputs that no version takes"
          description="Otherwise such a request is refused. Ignored inputs stay in the log, so callers can send a feature before its challenger joins."
          checked={draft.unknown_inputs === 'ignore'}
          onChange={(e) => set({ unknown_inputs: e.currentTarget.checked ? 'ignore' : 'refuse' })}
        />
        <Switch
          label="Treat unknown categories as missing"
          description="Otherwise the hub refuses a request with a value outside the artifact's categories, and names the input. LightGBM treats such a value as missing."
          checked={draft.unknown_categories === 'missing'}
          onChange={(e) => set({ unknown_categories: e.currentTarget.checked ? 'missing' : 'refuse' })}
        />
        {save.isError && <Failure error={save.error} title="Nothing has changed" />}
        <Row gap={12}>
          <ActionButton size="sm" why={barred ?? (unchanged ? 'Nothing to save.' : null)} loading={save.isPending} onClick={() => save.mutate({ slug: group.slug, settings: draft })}>
            Save settings
          </ActionButton>
        </Row>
      </Stack>
    </Panel>
  );
}
