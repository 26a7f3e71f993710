import { Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';

import { Facts } from '@/components/Kpi';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Failure, Notice } from '@/components/States';
import { wordsOf } from '@/components/format';
import { meOptions } from '@/features/access/session';
import { trpc } from '@/rpc/client';

/** The signed-in person's own account and password. */
export function Account() {
  const me = useQuery(meOptions());
  const form = useForm({
    initialValues: { current: '', new: '', again: '' },
    validate: { current: (v) => (v ? null : 'Enter your current password'), new: (v) => (v.length >= 12 ? null : 'At least 12 characters'), again: (v, all) => (v === all.new ? null : 'The two passwords differ') },
  });
  const save = useMutation(trpc.access.changePassword.mutationOptions({ onSuccess: () => form.reset() }));
  return (
    <>
      <PageHead title="Account" />
      <Stack gap={14} maw={560}>
        <Panel title="You">
          <Answer of={me}>{(m) => <Facts of={[['Name', m.name], ['E-mail', m.email ?? '–'], ['Tenant', m.tenant_name], ['Roles', m.roles.map(wordsOf).join(', ')]]} />}</Answer>
        </Panel>
        <Panel title="Password">
          <form noValidate onSubmit={form.onSubmit((v) => save.mutate({ current: v.current, new: v.new }))}>
            <Stack gap={14}>
              <PasswordInput label="Current password" autoComplete="current-password" {...form.getInputProps('current')} />
              <PasswordInput label="New password" description="At least 12 characters." autoComplete="new-password" {...form.getInputProps('new')} />
              <PasswordInput label="New password, again" autoComplete="new-password" {...form.getInputProps('again')} />
              {save.isSuccess && <Notice tone="ok">Your password is changed.</Notice>}
              {save.isError && <Failure error={save.error} title="Your password is not changed" />}
              <Button type="submit" size="sm" loading={save.isPending} style={{ alignSelf: 'flex-end' }}>Change password</Button>
            </Stack>
          </form>
        </Panel>
      </Stack>
    </>
  );
}
