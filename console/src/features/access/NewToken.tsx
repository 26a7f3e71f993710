import { Button, Checkbox, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';

import { CodeBlock } from '@/components/Copy';
import { DialogActions } from '@/components/DialogActions';
import { Failure, Notice } from '@/components/States';
import { meOptions } from '@/features/access/session';
import { queryClient, trpc } from '@/rpc/client';

const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: 'never', label: 'never expires' },
];

/** Makes a token, then shows its secret this once. */
export function NewToken({ close }: { close: () => void }) {
  const me = useQuery(meOptions());
  const form = useForm({
    initialValues: { name: '', scopes: ['inference:group:predict'], lives: '90' },
    validate: { name: (v) => (v.trim() ? null : 'Name the purpose of the token'), scopes: (v) => (v.length > 0 ? null : 'Choose at least one scope') },
  });
  const create = useMutation(trpc.access.tokens.create.mutationOptions({ onSuccess: () => void queryClient.invalidateQueries({ queryKey: trpc.access.tokens.list.queryKey() }) }));
  if (create.data) {
    return (
      <Modal opened onClose={close} title={`${create.data.token.name}: copy it now`} size="lg" closeOnClickOutside={false}>
        <Stack gap={14}>
          <Notice tone="warn">This is the only time the token is shown. The hub keeps only its hash.</Notice>
          <CodeBlock code={create.data.secret} what="token" />
          <Button size="sm" onClick={close} style={{ alignSelf: 'flex-end' }}>I have copied it</Button>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={close} title="New API token" size="md">
      <form noValidate onSubmit={form.onSubmit(({ name, scopes, lives }) => create.mutate({ name: name.trim(), scopes, expires_in_days: lives === 'never' ? null : Number(lives) }))}>
        <Stack gap={14}>
          <TextInput label="Name" placeholder="Loan origination, production" data-autofocus {...form.getInputProps('name')} />
          <Checkbox.Group label="Scopes" description="Choose as few as it needs. You can grant only what you hold yourself." {...form.getInputProps('scopes')}>
            <Stack gap={7} mt={8}>
              {(me.data?.permissions ?? []).map((scope) => <Checkbox key={scope} size="xs" value={scope} label={<code>{scope}</code>} />)}
            </Stack>
          </Checkbox.Group>
          <Select label="Expires after" allowDeselect={false} data={LIVES} {...form.getInputProps('lives')} />
          {create.isError && <Failure error={create.error} title="The token has not been created" />}
          <DialogActions close={close}>
            <Button type="submit" size="sm" loading={create.isPending}>Create token</Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}
