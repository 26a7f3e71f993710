import { Button, SegmentedControl, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';

import { Missing } from '@/components/Lost';
import { PageHead } from '@/components/PageHead';
import { Answer, Failure, Loading, Status } from '@/components/States';
import { bytes, plural } from '@/components/format';
import { Commit } from '@/features/importing/Commit';
import { Findings } from '@/features/importing/Findings';
import { LlmPanel } from '@/features/importing/LlmPanel';
import { Rules } from '@/features/importing/Rules';
import { Sharing } from '@/features/importing/Sharing';
import { SideBySide } from '@/features/importing/SideBySide';
import type { Revise } from '@/features/importing/types';
import { Understood } from '@/features/importing/Understood';
import { Unmapped } from '@/features/importing/Unmapped';
import { MAPPED_BY } from '@/features/importing/words';
import { queryClient, trpc } from '@/rpc/client';
import { isMissing } from '@/rpc/errors';
import type { ImportDraft } from '@/rpc/types';

const route = getRouteApi('/signed-in/import/$draft');

/** The result of reading a file, beside the file: a person corrects it here, and then saves it. */
export function Review() {
  const { draft: id } = route.useParams();
  const draft = useQuery(trpc.imports.draft.queryOptions({ draft_id: id }));
  if (draft.error && isMissing(draft.error)) return <Missing />;
  return <Answer of={draft} skeleton={<Loading rows={8} />}>{(data) => <Draft draft={data} />}</Answer>;
}

function Draft({ draft }: { draft: ImportDraft }) {
  const { view = 'values' } = route.useSearch();
  const navigate = useNavigate();
  const revise = useMutation(
    trpc.imports.revise.mutationOptions({
      onSuccess: (next) => queryClient.setQueryData(trpc.imports.draft.queryKey({ draft_id: next.draft_id }), next),
    }),
  );
  const discard = useMutation(trpc.imports.discard.mutationOptions({ onSuccess: () => void navigate({ to: '/import' }) }));
  const change: Revise = (part) => revise.mutate({ draft_id: draft.draft_id, ...part });
  return (
    <>
      <PageHead
        crumbs={[<Link key="hub" to="/">Hub</Link>, <Link key="import" to="/import">Import</Link>]}
        title={draft.file_name}
        badges={<State draft={draft} />}
        lede={`${bytes(draft.size_bytes)}, ${draft.format ?? 'no known format'}. Nothing is stored yet.`}
        actions={<Button variant="default" color="gray" loading={discard.isPending} onClick={() => discard.mutate({ draft_id: draft.draft_id })}>Discard</Button>}
      />
      <Stack gap={14}>
        {revise.isError && <Failure error={revise.error} title="The correction was not accepted" />}
        {draft.document && <Understood draft={draft} />}
        <Findings draft={draft} revise={change} busy={revise.isPending} />
        {draft.llm && <LlmPanel report={draft.llm} draft={draft} revise={change} />}
        {draft.document && (
          <>
            <SegmentedControl
              aria-label="What to look at"
              style={{ alignSelf: 'flex-start' }}
              value={view}
              onChange={(next) => void navigate({ to: '/import/$draft', params: { draft: draft.draft_id }, search: { view: next }, replace: true })}
              data={[
                { value: 'values', label: `Values (${Object.keys(draft.provenance).length.toString()})` },
                { value: 'unmapped', label: `Not mapped (${draft.unmapped.length.toString()})` },
                { value: 'rules', label: `Rules (${draft.mapping.length.toString()})` },
              ]}
            />
            {view === 'values' && <SideBySide draft={draft} />}
            {view === 'unmapped' && <Unmapped draft={draft} revise={change} busy={revise.isPending} />}
            {view === 'rules' && <Rules key={draft.mapping.length} draft={draft} revise={change} busy={revise.isPending} />}
            <Sharing draft={draft} revise={change} busy={revise.isPending} />
            <Commit draft={draft} />
          </>
        )}
        {!draft.document && (
          <>
            <Unmapped draft={draft} revise={change} busy={revise.isPending} />
            <Sharing draft={draft} revise={change} busy={revise.isPending} />
          </>
        )}
      </Stack>
    </>
  );
}

function State({ draft }: { draft: ImportDraft }) {
  if (!draft.document) return <Status tone="bad">no model found</Status>;
  if (draft.open.length > 0) return <Status tone="warn">{plural(draft.open.length, 'decision')} open</Status>;
  return <Status tone="ok">{MAPPED_BY[draft.mapped_by]}</Status>;
}
