import { Checkbox, Group as Row, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure, Notice } from '@/components/States';
import { slugOf } from '@/components/slug';
import { nextVersion, versionProblem } from '@/features/catalog/document';
import css from '@/features/importing/importing.module.css';
import { queryClient, trpc } from '@/rpc/client';
import type { ImportDraft } from '@/rpc/types';

const NEW = '';

/** The target of the document: a new model, or another version of an existing one. */
export function Commit({ draft }: { draft: ImportDraft }) {
  const navigate = useNavigate();
  const models = useQuery(trpc.models.list.queryOptions({}));
  const named = typeof draft.document?.name === 'string' ? draft.document.name : draft.file_name;
  const [model, setModel] = useState(draft.model ?? NEW);
  const [name, setName] = useState(named);
  const [typed, setVersion] = useState<string | null>(null);
  const [remember, setRemember] = useState(true);
  const known = useQuery({ ...trpc.models.versions.queryOptions({ slug: model }), enabled: model !== NEW });
  const version = typed ?? draft.version ?? nextVersion(known.data?.map((one) => one.version) ?? []);
  const problem = versionProblem(version);
  const why = draft.open.length > 0 ? 'First decide the open questions above.' : (problem ?? (model === NEW && !name.trim() ? 'Give the model a name.' : null));
  const slug = model === NEW ? slugOf(name) : model;
  const commit = useMutation(
    trpc.imports.commit.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        void navigate({ to: '/models/$slug/versions', params: { slug } });
      },
    }),
  );
  const keep = () =>
    commit.mutate({ draft_id: draft.draft_id, version, remember, ...(model === NEW ? { new_model: { name: name.trim(), slug } } : { model }) });
  return (
    <Panel title="Save" note="as a version; its artifact follows">
      <Stack gap={14}>
        {draft.open.length > 0 && (
          <Notice tone="warn">
            Before it can be saved:
            <ul style={{ margin: '4px 0 0', paddingLeft: 18 }}>{draft.open.map((one) => <li key={one.pointer + one.message}><code>{one.pointer || '/'}</code> {one.message}</li>)}</ul>
          </Notice>
        )}
        <div className={css.commit}>
          <Select
            label="Model"
            allowDeselect={false}
            searchable
            value={model}
            onChange={(next) => setModel(next ?? NEW)}
            data={[{ value: NEW, label: 'A new model' }, ...(models.data?.items ?? []).map((one) => ({ value: one.slug, label: one.name }))]}
          />
          {model === NEW && <TextInput label="Name of the model" value={name} onChange={(e) => setName(e.currentTarget.value)} error={name.trim() ? null : 'Give the model a name'} />}
          <TextInput label="Version" value={version} onChange={(e) => setVersion(e.currentTarget.value)} error={problem} />
        </div>
        <Checkbox label="Read files of the same shape like this from now on" checked={remember} onChange={(e) => setRemember(e.currentTarget.checked)} />
        {commit.isError && <Failure error={commit.error} title="It was not saved" />}
        <Row justify="flex-end" gap={12}>
          <ActionButton size="sm" why={why} reasonAt="before" loading={commit.isPending} onClick={keep}>
            Save as version {version}
          </ActionButton>
        </Row>
      </Stack>
    </Panel>
  );
}
