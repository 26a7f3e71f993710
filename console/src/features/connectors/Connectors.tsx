import { Button, Menu, Table } from '@mantine/core';
import { IconDots, IconPlug, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { MenuAction } from '@/components/ActionButton';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Empty, Failure, Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { useMay } from '@/features/access/session';
import { Delete } from '@/features/connectors/Delete';
import { Models } from '@/features/connectors/Models';
import { NewConnector } from '@/features/connectors/NewConnector';
import { Rotate } from '@/features/connectors/Rotate';
import { keyWords, providerWords, refresh } from '@/features/connectors/words';
import { SETTINGS } from '@/nav';
import { trpc } from '@/rpc/client';
import type { Connector } from '@/rpc/types';

type Dialog = { kind: 'new' } | { kind: 'rotate' | 'delete' | 'models'; connector: Connector } | null;

/** Providers of language models and their keys. A stored key is never shown. */
export function Connectors() {
  const connectors = useQuery(trpc.connectors.list.queryOptions());
  const manages = useMay('connector:connector:manage');
  const [dialog, setDialog] = useState<Dialog>(null);
  const test = useMutation(trpc.connectors.test.mutationOptions({ onSettled: refresh }));
  const close = () => setDialog(null);
  const add = manages && <Button leftSection={<IconPlus size={14} />} onClick={() => setDialog({ kind: 'new' })}>New connector</Button>;
  return (
    <>
      <PageHead title="Connectors" lede={<>External language models: OpenAI, Anthropic, Gemini, or any service with an OpenAI-compatible API. Keys are stored encrypted and never shown again. <Link to={SETTINGS.sharing.path} className="link">What they see of a file</Link></>} actions={add} />
      {test.isError && <div style={{ marginBottom: 14 }}><Failure error={test.error} title="Not tested" /></div>}
      <Panel flush>
        <Answer of={connectors}>
          {(all) =>
            all.length === 0 ? (
              <Empty icon={<IconPlug size={30} />} title="No connectors yet" action={add}>
                Importing works without a connector. With one, a language model helps with fields that the hub does not recognise. You choose what the model sees; by default keys and types, no values.
              </Empty>
            ) : (
              <ScrollX label="Connectors">
                <Table miw={860}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Provider</Table.Th>
                      <Table.Th>Key</Table.Th>
                      <Table.Th>Last test</Table.Th>
                      <Table.Th>Used by</Table.Th>
                      <Table.Th><span className="visually-hidden">Actions</span></Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {all.map((c) => (
                      <Table.Tr key={c.id}>
                        <Table.Td><span style={{ fontWeight: 550 }}>{c.name}</span>{c.disabled_at && <div><Status tone="info">disabled</Status></div>}</Table.Td>
                        <Table.Td>{providerWords(c.provider)}<div className="hint" style={{ overflowWrap: 'anywhere' }}>{c.base_url}</div></Table.Td>
                        <Table.Td><code>{keyWords(c)}</code><div className="hint">{c.rotated_at ? 'rotated ' : 'stored '}<Ago at={c.rotated_at ?? c.created_at} /></div></Table.Td>
                        <Table.Td maw={300}><LastTest connector={c} /></Table.Td>
                        <Table.Td>{c.used_by.length === 0 ? <span className="hint">nothing</span> : c.used_by.map((subject) => <div key={subject}><code>{subject}</code></div>)}</Table.Td>
                        <Table.Td className="right" style={{ whiteSpace: 'nowrap' }}>
                          {manages && (
                            <Button variant="subtle" color="gray" aria-label={`Test ${c.name}`} loading={test.isPending && test.variables.connector_id === c.id} onClick={() => test.mutate({ connector_id: c.id })}>Test</Button>
                          )}
                          <Actions connector={c} manages={manages} open={setDialog} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </ScrollX>
            )
          }
        </Answer>
      </Panel>
      {dialog?.kind === 'new' && <NewConnector close={close} />}
      {dialog?.kind === 'rotate' && <Rotate connector={dialog.connector} close={close} />}
      {dialog?.kind === 'delete' && <Delete connector={dialog.connector} close={close} />}
      {dialog?.kind === 'models' && <Models connector={dialog.connector} close={close} />}
    </>
  );
}

function LastTest({ connector: { last_test: test } }: { connector: Connector }) {
  if (!test) return <span className="hint">never</span>;
  return (
    <>
      <Status tone={test.ok ? 'ok' : 'bad'}>{test.ok ? `${plural(test.models ?? 0, 'model')} in ${test.latency_ms} ms` : 'failed'}</Status>
      <div className="hint"><Ago at={test.at} /></div>
      {test.message && <div style={{ fontSize: 12 }}>{test.message}</div>}
    </>
  );
}

function Actions({ connector: c, manages, open }: { connector: Connector; manages: boolean; open: (dialog: Dialog) => void }) {
  const options = { onSettled: refresh };
  const disable = useMutation(trpc.connectors.disable.mutationOptions(options));
  const enable = useMutation(trpc.connectors.enable.mutationOptions(options));
  const barred = useWhyNot('connector:connector:use', 'asking a provider');
  return (
    <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="subtle" color="gray" aria-label={`More of ${c.name}`}><IconDots size={16} /></Button>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuAction why={barred ?? (c.disabled_at ? 'Enable the connector first.' : null)} onClick={() => open({ kind: 'models', connector: c })}>Models</MenuAction>
        {manages && (
          <>
            <Menu.Item onClick={() => open({ kind: 'rotate', connector: c })}>Replace the key</Menu.Item>
            {c.disabled_at ? (
              <Menu.Item onClick={() => enable.mutate({ connector_id: c.id })}>Enable</Menu.Item>
            ) : (
              <Menu.Item onClick={() => disable.mutate({ connector_id: c.id })}>Disable</Menu.Item>
            )}
            <MenuAction color="var(--ty-bad)" why={c.used_by.length > 0 ? `In use by ${c.used_by.join(', ')}.` : null} onClick={() => open({ kind: 'delete', connector: c })}>Delete</MenuAction>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
