import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { DialogActions } from '@/components/DialogActions';
import { Failure, Notice, Status } from '@/components/States';
import { when } from '@/components/format';
import { useMay } from '@/features/access/session';
import { SOLO } from '@/features/groups/HaltPanel';
import { queryClient, trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';

/** Stops a version in every group at once, and lets it serve again. */
export function HaltVersion({ version }: { version: Version }) {
  const mayHalt = useMay('group:group:halt');
  const mayResume = useMay('group:group:resume');
  const halts = useQuery(trpc.groups.halts.queryOptions({ in_force: true }));
  const [asking, setAsking] = useState(false);
  const halt = halts.data?.find((one) => one.version_id === version.id && !one.resumed_at);
  return (
    <>
      {halt && <div><Status tone="bad">halted</Status></div>}
      {halt
        ? mayResume && <Button variant="subtle" color="gray" onClick={() => setAsking(true)} aria-label={`Resume ${version.label}`}>Resume</Button>
        : mayHalt && version.serving.length > 0 && <Button variant="subtle" color="gray" onClick={() => setAsking(true)} aria-label={`Halt ${version.label}`}>Halt</Button>}
      {asking && <Dialog version={version} halt={halt} close={() => setAsking(false)} />}
    </>
  );
}

interface DialogProps {
  version: Version;
  halt: { reason: string; by: string; at: string; requested_by: string | null } | undefined;
  close: () => void;
}

function Dialog({ version, halt, close }: DialogProps) {
  const [reason, setReason] = useState('');
  // Solo mode is the tenant's: every group says the same.
  const solo = useQuery({ ...trpc.groups.list.queryOptions(), staleTime: 5_000 }).data?.some((group) => group.solo) ?? false;
  const done = { onSuccess: () => { void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() }); close(); } };
  const stop = useMutation(trpc.groups.haltVersion.mutationOptions(done));
  const resume = useMutation(trpc.groups.resumeVersion.mutationOptions(done));
  const asked = { version_id: version.id, reason: reason.trim() };
  return (
    <Modal opened onClose={close} title={halt ? `Resume ${version.label}?` : `Halt ${version.label} everywhere?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (halt) resume.mutate(asked);
          else stop.mutate(asked);
        }}
      >
        <Stack gap={16}>
          {halt ? (
            <Notice tone="warn">
              Halted by {halt.by}, {when(halt.at)}{halt.reason && `: ${halt.reason}`}. {solo ? SOLO : halt.requested_by ? `${halt.requested_by} asked to resume it; a second person confirms.` : 'Two people are needed to resume it.'}
            </Notice>
          ) : (
            <Notice tone="bad">Within a second no group uses it. Where it is a challenger, the champion answers in its place. Where it is the champion, the group rejects all requests.</Notice>
          )}
          <TextInput label="Reason" value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
          {stop.isError && <Failure error={stop.error} title="It is not known whether the version is halted" />}
          {resume.isError && <Failure error={resume.error} title="The version is still halted" />}
          <DialogActions close={close}>
          <Button type="submit" size="sm" color={halt ? undefined : 'red.9'} loading={stop.isPending || resume.isPending} leftSection={halt ? <IconPlayerPlay size={15} /> : <IconHandStop size={15} />}>
            {!halt ? 'Halt now' : solo ? 'Resume, as the only person' : halt.requested_by ? 'Confirm, as a second person' : 'Ask to resume'}
          </Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
