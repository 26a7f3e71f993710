import { Modal, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { DialogActions } from '@/components/DialogActions';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Empty, Status } from '@/components/States';
import { dayOf } from '@/components/format';
import { trpc } from '@/rpc/client';
import type { Connector } from '@/rpc/types';

/** The provider's present models, and announced shutdowns. */
export function Models({ connector, close }: { connector: Connector; close: () => void }) {
  const models = useQuery(trpc.connectors.models.queryOptions({ connector_id: connector.id }, { retry: false, staleTime: 60_000 }));
  return (
    <Modal opened onClose={close} title={`Models of ${connector.name}`} size="lg">
      <Answer of={models}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No models">The provider offers no model for this key.</Empty>
          ) : (
            <ScrollX label="Models">
              <Table miw={460}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Model</Table.Th>
                    <Table.Th>Since</Table.Th>
                    <Table.Th>Shut down</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((m) => (
                    <Table.Tr key={m.id}>
                      <Table.Td><code>{m.id}</code></Table.Td>
                      <Table.Td>{m.created_at ? dayOf(m.created_at) : <span className="hint">unknown</span>}</Table.Td>
                      <Table.Td>{m.shutdown_date ? <Status tone="warn">{m.shutdown_date}</Status> : <span className="hint">not announced</span>}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollX>
          )
        }
      </Answer>
      <DialogActions close={close} cancel="Close" />
    </Modal>
  );
}
