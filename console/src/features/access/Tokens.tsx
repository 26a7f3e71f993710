import { Button, Modal, Table, Text } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { DialogActions } from '@/components/DialogActions';
import { ScrollX } from '@/components/ScrollX';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Empty, Failure, Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { dayOf } from '@/components/format';
import { NewToken } from '@/features/access/NewToken';
import { queryClient, trpc } from '@/rpc/client';
import type { Token } from '@/rpc/types';

/** API tokens: made here, shown once, revoked here. */
export function Tokens() {
  const tokens = useQuery(trpc.access.tokens.list.queryOptions());
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  return (
    <>
      <PageHead
        title="API tokens"
        lede="Tokens let other systems call the hub: predictions, outcomes, automation. A token can do no more than the person who created it."
        actions={<Button leftSection={<IconPlus size={14} />} onClick={() => setMaking(true)}>New token</Button>}
      />
      <Panel flush>
        <Answer of={tokens}>
          {(all) =>
            all.length === 0 ? (
              <Empty icon={<IconKey size={30} />} title="No tokens yet" action={<Button onClick={() => setMaking(true)}>Create a token</Button>}>
                To call a prediction endpoint, create a token with the scope <code>inference:group:predict</code>.
              </Empty>
            ) : (
              <ScrollX label="API tokens">
                <Table miw={820}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Token</Table.Th>
                      <Table.Th>Scopes</Table.Th>
                      <Table.Th>Created</Table.Th>
                      <Table.Th>Last used</Table.Th>
                      <Table.Th>State</Table.Th>
                      <Table.Th><span className="visually-hidden">Actions</span></Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>{all.map((t) => <TokenRow key={t.id} token={t} revoke={() => setRevoking(t)} />)}</Table.Tbody>
                </Table>
              </ScrollX>
            )
          }
        </Answer>
      </Panel>
      {making && <NewToken close={() => setMaking(false)} />}
      {revoking && <Revoke token={revoking} close={() => setRevoking(null)} />}
    </>
  );
}

function stateOf(t: Token): 'live' | 'revoked' | 'expired' {
  if (t.revoked_at) return 'revoked';
  return t.expires_at && new Date(t.expires_at) < new Date() ? 'expired' : 'live';
}

function TokenRow({ token: t, revoke }: { token: Token; revoke: () => void }) {
  const state = stateOf(t);
  return (
    <Table.Tr>
      <Table.Td fw={550}>{t.name}</Table.Td>
      <Table.Td><code>{t.prefix}…</code></Table.Td>
      <Table.Td>{t.scopes.map((s) => <div key={s}><code>{s}</code></div>)}</Table.Td>
      <Table.Td><Ago at={t.created_at} /><div className="hint">by {t.created_by}</div></Table.Td>
      <Table.Td>{t.last_used_at ? <Ago at={t.last_used_at} /> : <span className="hint">never</span>}</Table.Td>
      <Table.Td>
        <Status tone={state === 'live' ? 'ok' : 'info'}>{state}</Status>
        {state === 'live' && <div className="hint">{t.expires_at ? `until ${dayOf(t.expires_at)}` : 'never expires'}</div>}
      </Table.Td>
      <Table.Td className="right">
        {state === 'live' && <Button variant="subtle" color="red" onClick={revoke} aria-label={`Revoke ${t.name}`}>Revoke</Button>}
      </Table.Td>
    </Table.Tr>
  );
}

function Revoke({ token, close }: { token: Token; close: () => void }) {
  const revoke = useMutation(
    trpc.access.tokens.revoke.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: trpc.access.tokens.pathKey() });
        close();
      },
    }),
  );
  return (
    <Modal opened onClose={close} title={`Revoke ${token.name}?`}>
      <Text fz="sm" mb={16}>Every request with this token is rejected from now on. This cannot be undone; its callers need a new token.</Text>
      {revoke.isError && <Failure error={revoke.error} title="Not revoked" />}
      <DialogActions close={close}>
        <Button size="sm" color="red" loading={revoke.isPending} onClick={() => revoke.mutate({ token_id: token.id })}>Revoke token</Button>
      </DialogActions>
    </Modal>
  );
}
