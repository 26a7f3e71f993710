import { Modal, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { keepGroup } from '@/features/groups/HaltPanel';
import { positiveIf } from '@/features/groups/positive';
import { ServingImpact, useServingImpact } from '@/features/groups/ServingImpact';
import { trpc } from '@/rpc/client';
import type { Group, Phase } from '@/rpc/types';

const championOf = (phase: Phase) => phase.members.find((m) => m.role === 'champion');

/** The last phase that had another champion: what a rollback restores. */
export function phaseBefore(phases: readonly Phase[], current: Phase): Phase | undefined {
  const now = championOf(current)?.version_id;
  return [...phases].sort((a, b) => b.number - a.number).find((phase) => phase.number < current.number && championOf(phase)?.version_id !== now);
}

/** The rollback that removed this version, by a person or a ramp's guardrail. Going back to the version would undo it. */
export function rolledBackFrom(phases: readonly Phase[], current: Phase, target: string | undefined): Phase | undefined {
  const now = championOf(current)?.version_id;
  const newest = [...phases].filter((phase) => phase.number <= current.number).sort((a, b) => b.number - a.number);
  // The oldest phase of the unbroken run of phases that the current champion has had.
  const other = newest.findIndex((phase) => championOf(phase)?.version_id !== now);
  const since = newest.slice(0, other === -1 ? newest.length : other);
  const taken = since.at(-1);
  const before = newest[other];
  if (taken && before && championOf(before)?.version_id === target && taken.reason.startsWith('rollback: ')) return taken;
  return since.find((phase) => phase.reason.startsWith('ramp rolled back: ') && tookShareFrom(phase, phases, target));
}

/** Whether the phase took this version's share of the traffic away. */
function tookShareFrom(phase: Phase, phases: readonly Phase[], target: string | undefined): boolean {
  const shareIn = (one: Phase | undefined) => one?.members.find((m) => m.version_id === target)?.share ?? 0;
  return shareIn(phase) < shareIn(phases.find((one) => one.number === phase.number - 1));
}

/** Restores the earlier champion with its threshold and features. */
export function RollbackPanel({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:promote', 'a rollback');
  const phases = useQuery(trpc.groups.phases.queryOptions({ slug: group.slug }));
  const [asking, setAsking] = useState(false);
  const before = phaseBefore(phases.data ?? [], group.phase);
  const champion = before && championOf(before);
  const undoes = rolledBackFrom(phases.data ?? [], group.phase, champion?.version_id);
  const impact = useServingImpact({ slug: group.slug, champion: champion?.version_id ?? null, challengers: [] });
  return (
    <Panel title="Rollback">
      <Stack gap={14} align="flex-start">
        {before && champion ? (
          <>
            <p className="hint" style={{ margin: 0 }}>
              {champion.label} was champion until phase {before.number}. {positiveIf(group.settings.positive_scores, before.threshold)}. It is still loaded, so going back takes no time.
            </p>
            {undoes && <Undoes phase={undoes} label={champion.label} />}
            <ServingImpact of={impact} tells />
            <ActionButton variant="default" size="sm" leftSection={<IconArrowBackUp size={15} />} why={barred} onClick={() => setAsking(true)}>
              Roll back to {champion.label}
            </ActionButton>
          </>
        ) : (
          <p className="hint" style={{ margin: 0 }}>
            This group has had only one champion, so a rollback is not possible.
          </p>
        )}
      </Stack>
      {asking && before && champion && <Dialog group={group} before={before} undoes={undoes} version={champion.version_id} label={champion.label} close={() => setAsking(false)} />}
    </Panel>
  );
}

function Undoes({ phase, label }: { phase: Phase; label: string }) {
  return (
    <Notice tone="warn">
      This group was rolled back from {label} on {when(phase.opened_at)} by {phase.opened_by} ({phase.reason}). A new rollback to it undoes that.
    </Notice>
  );
}

interface DialogProps {
  group: Group;
  before: Phase;
  undoes: Phase | undefined;
  version: string;
  label: string;
  close: () => void;
}

function Dialog({ group, before, undoes, version, label, close }: DialogProps) {
  const [reason, setReason] = useState('');
  const [base] = useState(group.phase.number);
  const impact = useServingImpact({ slug: group.slug, champion: version, challengers: [] });
  const rollback = useMutation(
    trpc.groups.rollback.mutationOptions({
      onSuccess: (back) => {
        keepGroup(back);
        notifications.show({ title: `${label} is champion again`, message: `Phase ${back.phase.number.toString()} is open.`, color: 'pine' });
        close();
      },
    }),
  );
  const leaves = group.phase.members.filter((m) => m.role !== 'shadow' && m.label !== label).map((m) => m.label);
  return (
    <Modal opened onClose={close} title={`Roll back to ${label}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rollback.mutate({ slug: group.slug, phase: base, reason: reason.trim() });
        }}
      >
        <Stack gap={16}>
          {undoes && <Undoes phase={undoes} label={label} />}
          <Notice tone="warn">
            {label} answers all traffic, with its own features and the threshold {before.threshold} that it had in phase {before.number}. {leaves.join(', ')} {leaves.length > 1 ? 'have' : 'has'} no share after that.
          </Notice>
          <ServingImpact of={impact} tells />
          <TextInput label="Reason" description="Required. It is kept in the audit log." value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
          {rollback.isError && <Failure error={rollback.error} title="Nothing has changed" />}
          <DialogActions close={close}>
            <ActionButton type="submit" size="sm" loading={rollback.isPending} why={reason.trim() === '' ? 'Give a reason.' : null} reasonAt="before" leftSection={<IconArrowBackUp size={15} />}>
              Roll back now
            </ActionButton>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
