import { Button, Modal, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { DialogActions } from '@/components/DialogActions';
import { Failure } from '@/components/States';
import { refresh } from '@/features/connectors/words';
import { trpc } from '@/rpc/client';
import type { Connector } from '@/rpc/types';

export function Delete({ connector, close }: { connector: Connector; close: () => void }) {
  const remove = useMutation(trpc.connectors.delete.mutationOptions({ onSuccess: () => { refresh(); close(); } }));
  return (
    <Modal opened onClose={close} title={`Delete ${connector.name}?`}>
      <Text fz="sm" mb={16}>Its key is deleted permanently. The key still works elsewhere until you revoke it at the provider.</Text>
      {remove.isError && <Failure error={remove.error} title="Not deleted" />}
      <DialogActions close={close}>
        <Button size="sm" color="red" loading={remove.isPending} onClick={() => remove.mutate({ connector_id: connector.id })}>Delete connector</Button>
      </DialogActions>
    </Modal>
  );
}
