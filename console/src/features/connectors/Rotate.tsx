import { Button, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { DialogActions } from '@/components/DialogActions';
import { Failure } from '@/components/States';
import { refresh } from '@/features/connectors/words';
import { trpc } from '@/rpc/client';
import type { Connector } from '@/rpc/types';

/** Replaces the key; for a compatible provider optionally the address too, never without its key. */
export function Rotate({ connector, close }: { connector: Connector; close: () => void }) {
  const compatible = connector.provider === 'compatible';
  const form = useForm({
    initialValues: { base_url: connector.base_url, api_key: '' },
    validate: { api_key: (v) => (/^[\x21-\x7e]+$/.test(v.trim()) ? null : 'Paste the key: letters, digits and signs, no spaces') },
  });
  const test = useMutation(trpc.connectors.test.mutationOptions({ onSettled: () => { refresh(); close(); } }));
  // gcTime 0: the key does not stay behind in the mutation cache.
  const rotate = useMutation(trpc.connectors.rotate.mutationOptions({ gcTime: 0, onSuccess: () => { refresh(); test.mutate({ connector_id: connector.id }); } }));
  return (
    <Modal opened onClose={close} title={`Replace the key of ${connector.name}`}>
      <form noValidate autoComplete="off" onSubmit={form.onSubmit(({ base_url, api_key }) => rotate.mutate({ connector_id: connector.id, api_key: api_key.trim(), base_url: compatible ? base_url.trim() : null }))}>
        <Stack gap={14}>
          <Text fz="sm">The connector uses the new key at once. Revoke the old one at the provider afterwards.</Text>
          {compatible && <TextInput label="Base URL" description="A key belongs to its address: a new address needs its key." {...form.getInputProps('base_url')} />}
          <PasswordInput label="New API key" autoComplete="off" data-autofocus {...form.getInputProps('api_key')} />
          {rotate.isError && <Failure error={rotate.error} title="Not replaced" />}
          <DialogActions close={close}>
            <Button type="submit" size="sm" loading={rotate.isPending || test.isPending}>Replace and test</Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
