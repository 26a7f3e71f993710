import { Button, Table } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';

import { Identifier } from '@/components/Copy';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Empty, Failure, Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { count } from '@/components/format';
import { useMay } from '@/features/access/session';
import { MAPPED_BY } from '@/features/importing/words';
import { queryClient, trpc } from '@/rpc/client';

/** The remembered shapes of files; each mapping can be revoked. */
export function Mappings() {
  const mappings = useQuery(trpc.mappings.list.queryOptions({ revoked: true }));
  const manages = useMay('catalog:model:write');
  const revoke = useMutation(trpc.mappings.revoke.mutationOptions({ onSettled: () => void queryClient.invalidateQueries({ queryKey: trpc.mappings.pathKey() }) }));
  return (
    <>
      <PageHead title="Remembered mappings" lede="The hub reads a file of a known shape in the same way again, at once and without a language model. Forgetting a mapping changes no earlier import." />
      {revoke.isError && <div style={{ marginBottom: 14 }}><Failure error={revoke.error} title="Not forgotten" /></div>}
      <Panel flush>
        <Answer of={mappings}>
          {(all) =>
            all.length === 0 ? (
              <Empty icon={<IconRoute size={30} />} title="Nothing remembered yet">The hub remembers the mapping of each saved import, unless you choose otherwise.</Empty>
            ) : (
              <ScrollX label="Remembered mappings">
                <Table miw={820}>
                  <Table.Thead>
                    <Table.Tr><Table.Th>First file</Table.Th><Table.Th>How</Table.Th><Table.Th>Rules</Table.Th><Table.Th>Kept</Table.Th><Table.Th>Used</Table.Th><Table.Th>Shape</Table.Th><Table.Th><span className="visually-hidden">Actions</span></Table.Th></Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {all.map((one) => (
                      <Table.Tr key={one.mapping_id}>
                        <Table.Td><span style={{ fontWeight: 550, overflowWrap: 'anywhere' }}>{one.file_name}</span><div className="hint">{one.format}</div></Table.Td>
                        <Table.Td>{MAPPED_BY[one.mapped_by]}</Table.Td>
                        <Table.Td>{count(one.rules.length)}</Table.Td>
                        <Table.Td>{one.created_by}<div className="hint"><Ago at={one.created_at} /></div></Table.Td>
                        <Table.Td>{count(one.times_used)}{one.last_used_at && <div className="hint"><Ago at={one.last_used_at} /></div>}</Table.Td>
                        <Table.Td><Identifier value={one.fingerprint} what="fingerprint" /></Table.Td>
                        <Table.Td className="right">
                          {one.revoked_at ? (
                            <Status tone="info">forgotten</Status>
                          ) : (
                            manages && <Button variant="subtle" color="gray" aria-label={`Forget the mapping of ${one.file_name}`} loading={revoke.isPending && revoke.variables.mapping_id === one.mapping_id} onClick={() => revoke.mutate({ mapping_id: one.mapping_id })}>Forget</Button>
                          )}
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
    </>
  );
}
