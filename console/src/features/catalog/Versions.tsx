import { Button, Modal, Table, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { DialogActions } from '@/components/DialogActions';
import { ScrollX } from '@/components/ScrollX';
import { ButtonLink } from '@/components/ButtonLink';
import { Identifier } from '@/components/Copy';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { Answer, Empty, Failure, Status, type Severity } from '@/components/States';
import { Ago } from '@/components/Time';
import { bytes, metric, plural, wordsOf } from '@/components/format';
import { ArtifactDialog } from '@/features/catalog/ArtifactDialog';
import { HaltVersion } from '@/features/catalog/HaltVersion';
import { headline } from '@/features/catalog/headline';
import { queryClient, trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';

const route = getRouteApi('/signed-in/models/$slug/versions');
const TONES: Record<Version['state'], Severity> = { draft: 'warn', ready: 'ok', archived: 'info' };

/** A model's versions: what each is, where it serves, how it measured. */
export function Versions() {
  const { slug } = route.useParams();
  const versions = useQuery(trpc.models.versions.queryOptions({ slug }));
  const [uploading, setUploading] = useState<Version | null>(null);
  const [archiving, setArchiving] = useState<Version | null>(null);
  return (
    <Panel flush title="Versions">
      <Answer of={versions}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No version yet" action={<ButtonLink to="/models/$slug/versions/new" params={{ slug }}>Add the first version</ButtonLink>}>
              A version is a document that describes the model, and the artifact that is served.
            </Empty>
          ) : (
            <ScrollX label="Versions">
              <Table miw={980}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Version</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Artifact</Table.Th>
                    <Table.Th>SHA-256</Table.Th>
                    <Table.Th>Serving</Table.Th>
                    <Table.Th>Metrics</Table.Th>
                    <Table.Th>Created</Table.Th>
                    <Table.Th><span className="visually-hidden">Actions</span></Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {[...all].sort((a, b) => b.created_at.localeCompare(a.created_at)).map((v) => (
                    <VersionRow key={v.id} slug={slug} version={v} upload={() => setUploading(v)} archive={() => setArchiving(v)} />
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollX>
          )
        }
      </Answer>
      {uploading && <ArtifactDialog version={uploading} close={() => setUploading(null)} />}
      {archiving && <ArchiveDialog version={archiving} close={() => setArchiving(null)} />}
    </Panel>
  );
}

function VersionRow({ slug, version: v, upload, archive }: { slug: string; version: Version; upload: () => void; archive: () => void }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/models/$slug" params={{ slug }} search={{ v: v.version }} className="link" style={{ fontWeight: 600 }}>{v.label}</Link>
        <div className="hint">{v.version}</div>
      </Table.Td>
      <Table.Td><Status tone={TONES[v.state]}>{v.state}</Status></Table.Td>
      <Table.Td>{v.artifact ? <>{v.artifact.kind}<div className="hint">{bytes(v.artifact.size_bytes)}, {plural(v.artifact.features.length, 'feature')}</div></> : <span className="hint">none yet</span>}</Table.Td>
      <Table.Td>{v.artifact ? <Identifier value={v.artifact.sha256} what={`SHA-256 of ${v.label}`} /> : <span className="hint">–</span>}</Table.Td>
      <Table.Td>
        {v.serving.length === 0 && <span className="hint">in no group</span>}
        {v.serving.map((s) => (
          <div key={s.group_slug} style={{ display: 'flex', gap: 6, alignItems: 'center', whiteSpace: 'nowrap' }}>
            <RoleBadge role={s.role} /> <Link to="/groups/$slug" params={{ slug: s.group_slug }} className="link">{s.group_name}</Link>
            {s.preparing && <span className="hint" role="status">being prepared</span>}
            {s.load_error && <Status tone="bad">does not load</Status>}
          </div>
        ))}
      </Table.Td>
      <Table.Td>
        {headline(v.document.metrics, 2).map((m) => (
          <div key={m.name} style={{ whiteSpace: 'nowrap' }}><span className="hint">{wordsOf(m.name)}</span> {metric(m.value, 3)}</div>
        ))}
      </Table.Td>
      <Table.Td><Ago at={v.created_at} /><div className="hint">by {v.created_by}</div></Table.Td>
      <Table.Td className="right" style={{ whiteSpace: 'nowrap' }}>
        <HaltVersion version={v} />
        {v.state === 'draft' && <Button onClick={upload}>Upload artifact</Button>}
        {v.state === 'ready' && v.serving.length === 0 && <Button variant="subtle" color="gray" onClick={archive} aria-label={`Archive ${v.label}`}>Archive</Button>}
      </Table.Td>
    </Table.Tr>
  );
}

function ArchiveDialog({ version, close }: { version: Version; close: () => void }) {
  const archive = useMutation(
    trpc.models.archiveVersion.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        close();
      },
    }),
  );
  return (
    <Modal opened onClose={close} title={`Archive ${version.label}?`}>
      <Text fz="sm" mb={16}>It can no longer be added to a group. Its document, artifact and answers are kept.</Text>
      {archive.isError && <Failure error={archive.error} title="Not archived" />}
      <DialogActions close={close}>
        <Button size="sm" loading={archive.isPending} onClick={() => archive.mutate({ version_id: version.id })}>Archive {version.label}</Button>
      </DialogActions>
    </Modal>
  );
}
