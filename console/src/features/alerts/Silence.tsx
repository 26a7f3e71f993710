import { Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { Failure } from '@/components/States';
import { readAgain } from '@/features/alerts/alerts';
import { trpc } from '@/rpc/client';
import type { Alert } from '@/rpc/types';

const HOURS = [
  { value: '1', label: '1 hour' },
  { value: '8', label: '8 hours' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
  { value: '720', label: '30 days' },
];

/** Asks for how long, and why. */
export function Silence({ alert, close }: { alert: Alert; close: () => void }) {
  const [hours, setHours] = useState('24');
  const [reason, setReason] = useState('');
  const silence = useMutation(
    trpc.alerts.silence.mutationOptions({
      onSuccess: () => {
        close();
        return readAgain();
      },
    }),
  );
  return (
    <Modal opened onClose={close} title="Silence this alert?">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          silence.mutate({ alert_id: alert.id, until: new Date(Date.now() + Number(hours) * 3_600_000).toISOString(), reason: reason.trim() });
        }}
      >
        <Stack gap={16}>
          <p className="hint" style={{ margin: 0 }}>Nobody is notified of this kind of alert about this subject until then, even if it resolves and opens again. A rise in severity ends the silence.</p>
          <NativeSelect label="For" value={hours} onChange={(e) => setHours(e.currentTarget.value)} data={HOURS} />
          <TextInput label="Reason" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
          {silence.isError && <Failure error={silence.error} title="The alert is not silenced" />}
          <DialogActions close={close}>
            <ActionButton type="submit" size="sm" loading={silence.isPending} why={reason.trim() === '' ? 'Give a reason.' : null} reasonAt="before">Silence</ActionButton>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
