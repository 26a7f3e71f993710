import { Button } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { Failure } from '@/components/States';
import { trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';

/** Reads an imported version's file again, as a draft of another version. */
export function ReadAgain({ version }: { version: Version }) {
  const navigate = useNavigate();
  const again = useMutation(
    trpc.imports.reimport.mutationOptions({ onSuccess: (draft) => void navigate({ to: '/import/$draft', params: { draft: draft.draft_id } }) }),
  );
  if (!version.document.lineage?.source_sha256) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={14} />} loading={again.isPending} onClick={() => again.mutate({ version_id: version.id })}>
        Read its file again
      </Button>
      {again.isError && <Failure error={again.error} title="It cannot be read again" />}
    </>
  );
}
