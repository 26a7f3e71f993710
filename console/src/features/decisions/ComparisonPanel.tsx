import { Group as Row, MultiSelect, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure } from '@/components/States';
import { useWhyNot } from '@/features/access/powers';
import type { GroupDecisions } from '@/features/decisions/types';
import { queryClient, trpc } from '@/rpc/client';

type Settings = GroupDecisions['settings'];

/** Which decisions approve, and what comparisons go by. */
export function ComparisonPanel({ decisions }: { decisions: GroupDecisions }) {
  const { slug, settings: kept } = decisions;
  const [settings, setSettings] = useState<Settings>(kept);
  const barred = useWhyNot('decision:group:write', 'changing these settings');
  const save = useMutation(
    trpc.decisions.configure.mutationOptions({
      onSuccess: (found) => {
        queryClient.setQueryData(trpc.decisions.get.queryKey({ slug }), found);
        notifications.show({ title: 'Saved', message: 'The change is in the audit log.', color: 'pine' });
      },
    }),
  );
  const unchanged = JSON.stringify(kept) === JSON.stringify(settings);
  return (
    <Panel title="What comparisons go by">
      <Row gap={12} align="flex-end">
        <MultiSelect size="xs" w={220} label="Decisions that approve" data={decisions.decisions} value={settings.approves} onChange={(approves) => setSettings({ ...settings, approves })} />
        <Select
          size="xs"
          w={220}
          label="Approval rate, bad rate and value by"
          allowDeselect={false}
          data={[
            { value: 'recommended', label: 'the recommended decision' },
            { value: 'final', label: 'the final decision' },
          ]}
          value={settings.compare_by}
          onChange={(compare_by) => compare_by && setSettings({ ...settings, compare_by })}
        />
        <Select
          size="xs"
          w={220}
          label="Verdict on"
          allowDeselect={false}
          data={[
            { value: 'metric', label: 'the group’s metric' },
            { value: 'value', label: 'value per application' },
          ]}
          value={settings.verdict_on}
          onChange={(verdict_on) => verdict_on && setSettings({ ...settings, verdict_on })}
        />
        <ActionButton size="sm" why={barred ?? (unchanged ? 'Nothing to save.' : null)} loading={save.isPending} onClick={() => save.mutate({ slug, settings })}>
          Save
        </ActionButton>
      </Row>
      <p className="hint" style={{ marginBottom: 0 }}>An application without a final decision counts by its recommended one.</p>
      {save.error && <Failure error={save.error} title="Nothing has changed" />}
    </Panel>
  );
}
