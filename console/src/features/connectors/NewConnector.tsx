import { Button, Modal, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { DialogActions } from '@/components/DialogActions';
import { Failure } from '@/components/States';
import { PROVIDERS, refresh } from '@/features/connectors/words';
import { trpc } from '@/rpc/client';
import type { Provider } from '@/rpc/types';

/** Stores a key and tests it at its provider. */
export function NewConnector({ close }: { close: () => void }) {
  const form = useForm({
    initialValues: { name: '', provider: 'openai' as Provider, base_url: '', api_key: '' },
    validate: {
      name: (v) => (v.trim() ? null : 'Enter a name'),
      api_key: (v) => (/^[\x21-\x7e]+$/.test(v.trim()) ? null : 'Paste the key: letters, digits and signs, no spaces'),
      base_url: (v, all) => (all.provider !== 'compatible' || /^https?:\/\/\S+$/.test(v.trim()) ? null : 'An address such as https://models.example.com/v1'),
    },
  });
  const test = useMutation(trpc.connectors.test.mutationOptions({ onSettled: () => { refresh(); close(); } }));
  // gcTime 0: the key does not stay behind in the mutation cache.
  const create = useMutation(trpc.connectors.create.mutationOptions({ gcTime: 0, onSuccess: (made) => { refresh(); test.mutate({ connector_id: made.id }); } }));
  const compatible = form.values.provider === 'compatible';
  return (
    <Modal opened onClose={close} title="New connector">
      <form
        noValidate
        autoComplete="off"
        onSubmit={form.onSubmit(({ name, provider, base_url, api_key }) => create.mutate({ name: name.trim(), provider, api_key: api_key.trim(), base_url: compatible ? base_url.trim() : null }))}
      >
        <Stack gap={14}>
          <TextInput label="Name" placeholder="OpenAI, data science" data-autofocus {...form.getInputProps('name')} />
          <Select label="Provider" allowDeselect={false} data={PROVIDERS} {...form.getInputProps('provider')} />
          {compatible && <TextInput label="Base URL" description="Where the API is, often ending in /v1. Private hosts need the operator's permission." placeholder="https://models.example.com/v1" {...form.getInputProps('base_url')} />}
          <PasswordInput label="API key" description="Stored encrypted and never shown again." autoComplete="off" {...form.getInputProps('api_key')} />
          {create.isError && <Failure error={create.error} title="Not stored" />}
          <DialogActions close={close}>
            <Button type="submit" size="sm" loading={create.isPending || test.isPending}>Save and test</Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
