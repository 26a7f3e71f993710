import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { plural, when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { tellUnsettled } from '@/features/groups/settled';
import { queryClient, trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

/** Shows the returned group on every page of the group. */
export function keepGroup(group: Group) {
  tellUnsettled(group);
  queryClient.setQueryData(trpc.groups.get.queryKey({ slug: group.slug }), group);
  void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() });
}

/** Shown wherever two people would be needed. */
export const SOLO = 'Solo mode: one person may resume it alone, because only one person has the permission, or because the hub runs in solo mode. The audit log records this.';

/** Stops a group's answers at once; two people resume them. */
export function HaltPanel({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:halt', 'halting a group');
  const [asking, setAsking] = useState(false);
  return (
    <Panel title="Halt">
      <Stack gap={14} align="flex-start">
        {group.halt ? (
          <Resume group={group} halt={group.halt} />
        ) : (
          <>
            <p className="hint" style={{ margin: 0 }}>
              A halted group rejects all requests within a second, and tells each caller your reason. This also holds for a process that has lost its network
              {group.settings.on_control_loss === 'stale' ? ', but not in this group: its settings let a process without PostgreSQL continue to answer, and a halt does not reach that process.' : '.'}{' '}
              {group.solo ? SOLO : 'Two people are needed to resume it.'}
            </p>
            <ActionButton color="red.9" size="sm" leftSection={<IconHandStop size={15} />} why={barred} onClick={() => setAsking(true)}>
              Halt {group.name}
            </ActionButton>
          </>
        )}
      </Stack>
      {asking && <HaltDialog group={group} close={() => setAsking(false)} />}
    </Panel>
  );
}

function HaltDialog({ group, close }: { group: Group; close: () => void }) {
  const [reason, setReason] = useState('');
  const halt = useMutation(
    trpc.groups.halt.mutationOptions({
      onSuccess: (halted) => {
        keepGroup(halted);
        close();
      },
    }),
  );
  return (
    <Modal opened onClose={close} title={`Halt ${group.name}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          halt.mutate({ slug: group.slug, reason: reason.trim() });
        }}
      >
        <Stack gap={16}>
          <Notice tone="bad">
            <code>{group.endpoint}</code> rejects all requests from now on. Callers get 503 GROUP_HALTED with your name and reason, and decide without these models. {plural(group.phase.members.length, 'version stays', 'versions stay')}{' '}
            loaded; nothing is lost.
          </Notice>
          <TextInput label="Reason" description="Shown to every rejected caller and kept in the audit log." value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
          {halt.isError && <Failure error={halt.error} title="It is not known whether the group is halted" />}
          <DialogActions close={close}>
            <Button type="submit" size="sm" color="red.9" loading={halt.isPending} leftSection={<IconHandStop size={15} />}>
              Halt now
            </Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}

function Resume({ group, halt }: { group: Group; halt: NonNullable<Group['halt']> }) {
  const barred = useWhyNot('group:group:resume', 'resuming a group');
  const [reason, setReason] = useState('');
  const resume = useMutation(trpc.groups.resume.mutationOptions({ onSuccess: keepGroup }));
  return (
    <>
      <Notice tone="bad">
        Halted by {halt.by}, {when(halt.at)}
        {halt.reason && `: ${halt.reason}`}. All requests are rejected.
      </Notice>
      {halt.requested_by && (
        <Notice tone="warn">
          {halt.requested_by} asked to resume it{halt.requested_at && `, ${when(halt.requested_at)}`}. {group.solo ? SOLO : 'A second person has to confirm.'}
        </Notice>
      )}
      {group.solo && !halt.requested_by && <Notice tone="info">{SOLO}</Notice>}
      <TextInput label="Reason to resume" value={reason} onChange={(e) => setReason(e.currentTarget.value)} w={420} maw="100%" />
      <ActionButton size="sm" leftSection={<IconPlayerPlay size={15} />} why={barred} loading={resume.isPending} onClick={() => resume.mutate({ slug: group.slug, reason: reason.trim() })}>
        {group.solo ? 'Resume, as the only person' : halt.requested_by ? 'Confirm, as a second person' : 'Ask to resume'}
      </ActionButton>
      {resume.isError && <Failure error={resume.error} title="The group is still halted" />}
    </>
  );
}
