import { Button, Modal, MultiSelect, PasswordInput, Stack, Table, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { ScrollX } from '@/components/ScrollX';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Failure, Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { useMay } from '@/features/access/session';
import { roleWords } from '@/features/access/words';
import { queryClient, trpc } from '@/rpc/client';
import type { Person, Role } from '@/rpc/types';

const ROLES = (['admin', 'ml_lead', 'engineer', 'model_risk', 'validator', 'ethics_officer', 'pm', 'connector_admin', 'auditor', 'viewer', 'service'] as const satisfies readonly Role[]).map((value) => ({ value, label: roleWords(value) }));
const refresh = () => void queryClient.invalidateQueries({ queryKey: trpc.access.people.pathKey() });

/** The tenant's people and their roles. */
export function People() {
  const people = useQuery(trpc.access.people.list.queryOptions());
  const manages = useMay('access:person:manage');
  const [dialog, setDialog] = useState<{ kind: 'new' } | { kind: 'roles' | 'disable'; person: Person } | null>(null);
  const close = () => setDialog(null);
  return (
    <>
      <PageHead title="People" lede="A person's roles decide what they may do." actions={manages && <Button leftSection={<IconPlus size={14} />} onClick={() => setDialog({ kind: 'new' })}>New person</Button>} />
      <Panel flush>
        <Answer of={people}>
          {(all) => (
            <ScrollX label="People">
              <Table miw={720}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Roles</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Since</Table.Th>
                    <Table.Th><span className="visually-hidden">Actions</span></Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((p) => (
                    <Table.Tr key={p.id}>
                      <Table.Td><span style={{ fontWeight: 550 }}>{p.name}</span><div className="hint">{p.email}</div></Table.Td>
                      <Table.Td>{p.roles.map(roleWords).join(', ')}</Table.Td>
                      <Table.Td>{p.disabled ? <Status tone="info">disabled</Status> : <Status tone="ok">active</Status>}</Table.Td>
                      <Table.Td><Ago at={p.created_at} /></Table.Td>
                      <Table.Td className="right" style={{ whiteSpace: 'nowrap' }}>
                        {manages && !p.disabled && (
                          <>
                            <Button variant="subtle" color="gray" aria-label={`Roles of ${p.name}`} onClick={() => setDialog({ kind: 'roles', person: p })}>Roles</Button>
                            <Button variant="subtle" color="red" aria-label={`Disable ${p.name}`} onClick={() => setDialog({ kind: 'disable', person: p })}>Disable</Button>
                          </>
                        )}
                        {manages && p.disabled && <Enable person={p} />}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollX>
          )}
        </Answer>
      </Panel>
      {dialog?.kind === 'new' && <NewPerson close={close} />}
      {dialog?.kind === 'roles' && <Roles person={dialog.person} close={close} />}
      {dialog?.kind === 'disable' && <Disable person={dialog.person} close={close} />}
    </>
  );
}

function NewPerson({ close }: { close: () => void }) {
  const form = useForm({
    initialValues: { email: '', name: '', password: '', roles: ['viewer'] as Role[] },
    validate: {
      email: (v) => (/^[^@\s]+@[^@\s]+$/.test(v) ? null : 'Enter an e-mail address'),
      name: (v) => (v.trim() ? null : 'Enter a name'),
      password: (v) => (v.length >= 12 ? null : 'At least 12 characters'),
      roles: (v) => (v.length > 0 ? null : 'Choose at least one role'),
    },
  });
  const create = useMutation(trpc.access.people.create.mutationOptions({ onSuccess: () => { refresh(); close(); } }));
  return (
    <Modal opened onClose={close} title="New person">
      <form noValidate onSubmit={form.onSubmit((v) => create.mutate(v))}>
        <Stack gap={14}>
          <TextInput label="Name" data-autofocus {...form.getInputProps('name')} />
          <TextInput label="E-mail" type="email" {...form.getInputProps('email')} />
          <PasswordInput label="First password" description="At least 12 characters. They can change it later." autoComplete="new-password" {...form.getInputProps('password')} />
          <MultiSelect label="Roles" data={ROLES} {...form.getInputProps('roles')} />
          {create.isError && <Failure error={create.error} title="Not created" />}
          <DialogActions close={close}>
            <Button type="submit" size="sm" loading={create.isPending}>Create person</Button>
          </DialogActions>
        </Stack>
      </form>
    </Modal>
  );
}

function Roles({ person, close }: { person: Person; close: () => void }) {
  const [roles, setRoles] = useState<Role[]>(person.roles);
  const save = useMutation(trpc.access.people.setRoles.mutationOptions({ onSuccess: () => { refresh(); close(); } }));
  return (
    <Modal opened onClose={close} title={`Roles of ${person.name}`}>
      <Stack gap={14}>
        <MultiSelect label="Roles" data={ROLES} value={roles} onChange={(v) => setRoles(v)} />
        {save.isError && <Failure error={save.error} title="Not changed" />}
        <DialogActions close={close}>
          <ActionButton size="sm" why={roles.length === 0 ? 'Choose at least one role.' : null} reasonAt="before" loading={save.isPending} onClick={() => save.mutate({ person_id: person.id, roles })}>Save roles</ActionButton>
        </DialogActions>
      </Stack>
    </Modal>
  );
}

function Enable({ person }: { person: Person }) {
  const enable = useMutation(trpc.access.people.enable.mutationOptions({ onSuccess: refresh }));
  return (
    <>
      {enable.isError && <Failure error={enable.error} title="Not enabled" />}
      <Button variant="subtle" color="gray" aria-label={`Enable ${person.name}`} loading={enable.isPending} onClick={() => enable.mutate({ person_id: person.id })}>Enable</Button>
    </>
  );
}

function Disable({ person, close }: { person: Person; close: () => void }) {
  const disable = useMutation(trpc.access.people.disable.mutationOptions({ onSuccess: () => { refresh(); close(); } }));
  return (
    <Modal opened onClose={close} title={`Disable ${person.name}?`}>
      <Text fz="sm" mb={16}>{person.name} is signed out everywhere and cannot sign in again. What they did stays on record.</Text>
      {disable.isError && <Failure error={disable.error} title="Not disabled" />}
      <DialogActions close={close}>
        <Button size="sm" color="red" loading={disable.isPending} onClick={() => disable.mutate({ person_id: person.id })}>Disable</Button>
      </DialogActions>
    </Modal>
  );
}
