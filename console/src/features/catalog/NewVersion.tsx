import { Button, FileButton, FileInput, Group as Row, Stack, Textarea, TextInput } from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { ARTIFACT_HELP, UploadProgress, useArtifactUpload } from '@/features/catalog/ArtifactDialog';
import { nextVersion, parseDocument, versionProblem } from '@/features/catalog/document';
import { NOTHING_STATED, StatementFields } from '@/features/catalog/StatementFields';
import { queryClient, trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/models/$slug/versions/new');

/** A new version: its document, its number, and the bytes it serves (which may follow later). */
export function NewVersion() {
  const { slug } = route.useParams();
  const navigate = useNavigate();
  const known = useQuery(trpc.models.versions.queryOptions({ slug }));
  const [text, setText] = useState('');
  const [typedVersion, setVersion] = useState<string | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const [stated, setStated] = useState(NOTHING_STATED);
  const { upload, sent } = useArtifactUpload(() => void navigate({ to: '/models/$slug/versions', params: { slug } }));
  const create = useMutation(
    trpc.models.createVersion.mutationOptions({
      onSuccess: (created) => {
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        if (file) upload.mutate({ versionId: created.id, file, stated });
        else void navigate({ to: '/models/$slug/versions', params: { slug } });
      },
    }),
  );
  const parsed = text.trim() ? parseDocument(text) : null;
  const version = typedVersion ?? nextVersion(known.data?.map((v) => v.version) ?? []);
  const problem = versionProblem(version);
  const why = parsed === null ? 'Enter the document first.' : parsed.ok ? null : 'The document has errors, see above.';
  const submit = () => {
    // The version exists already when only its upload failed: the artifact is sent once more.
    if (create.data && file) upload.mutate({ versionId: create.data.id, file, stated });
    else if (parsed?.ok && !problem) create.mutate({ model: slug, version, document: parsed.document });
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
      aria-label="New version"
    >
      <Stack maw={820} gap={14}>
        <Panel
          title="Document"
          note="features, metrics, training and intended use, in JSON"
          aside={
            <FileButton accept="application/json,.json" onChange={(chosen) => void chosen?.text().then(setText)}>
              {(props) => <Button variant="default" leftSection={<IconFileUpload size={14} />} {...props}>Choose a file</Button>}
            </FileButton>
          }
        >
          <Stack gap={10}>
            <Textarea
              aria-label="Model document"
              value={text}
              onChange={(e) => setText(e.currentTarget.value)}
              onDrop={(e) => {
                const dropped = e.dataTransfer.files[0];
                if (!dropped) return;
                e.preventDefault();
                void dropped.text().then(setText);
              }}
              placeholder={'{\n  "name": "Credit default",\n  "features": [{"name": "limit_bal", "type": "number"}],\n  "metrics": []\n}'}
              autosize
              minRows={9}
              maxRows={18}
              spellCheck={false}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
              readOnly={create.isSuccess}
            />
            {parsed && (parsed.ok ? <Notice tone="ok">{parsed.summary}</Notice> : <Notice tone="warn">{parsed.message}</Notice>)}
          </Stack>
        </Panel>
        <Panel title="Version and artifact">
          <Stack gap={14}>
            <TextInput label="Version" w={200} value={version} onChange={(e) => setVersion(e.currentTarget.value)} error={problem} readOnly={create.isSuccess} />
            <FileInput label="Artifact" description={`${ARTIFACT_HELP} It can follow later; until then the version is a draft.`} placeholder="Choose a file" value={file} onChange={setFile} clearable />
            {file && <StatementFields value={stated} change={setStated} />}
          </Stack>
        </Panel>
        {create.isError && <Failure error={create.error} title="The version has not been created" />}
        {upload.isPending && <UploadProgress sent={sent} />}
        {upload.isError && <Failure error={upload.error} title={`${create.data?.label ?? 'The version'} is there as a draft, but its artifact was not accepted`} />}
        <Row justify="flex-end" gap={12}>
          <ActionButton type="submit" size="sm" why={create.data ? null : (why ?? problem)} reasonAt="before" loading={create.isPending || upload.isPending}>
            {create.data ? 'Upload the artifact again' : file ? 'Create and upload' : 'Create as a draft'}
          </ActionButton>
        </Row>
      </Stack>
    </form>
  );
}
