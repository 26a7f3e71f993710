import { Button, FileButton, Group as Row, Select, Stack, Switch, Textarea } from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type DragEvent, useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Section } from '@/components/Section';
import { Failure } from '@/components/States';
import { bytes } from '@/components/format';
import { useMay } from '@/features/access/session';
import css from '@/features/importing/importing.module.css';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/import');
const LARGEST = 10 * 1024 * 1024;

/** Takes a file that a tool wrote about a model. Nothing is stored before a person has reviewed it. */
export function Import() {
  const { model } = route.useSearch();
  const navigate = useNavigate();
  const [connector, setConnector] = useState<string | null>(null);
  const [rewrite, setRewrite] = useState(false);
  const [text, setText] = useState('');
  const propose = useMutation(
    trpc.imports.propose.mutationOptions({ onSuccess: (draft) => void navigate({ to: '/import/$draft', params: { draft: draft.draft_id } }) }),
  );
  const send = (file: File) => {
    const form = new FormData();
    form.set('file', file, file.name);
    if (model) form.set('model', model);
    if (connector) form.set('connector_id', connector);
    if (connector && rewrite) form.set('mode', 'rewrite');
    propose.mutate(form);
  };
  return (
    <>
      <PageHead
        crumbs={[<Link key="hub" to="/">Hub</Link>]}
        title="Import a model document"
        lede="Drop the file that your tool wrote: an MLflow run, a model card, your own metrics file. You see the result and the source of each value before anything is stored."
      />
      <Stack gap={14} maw={820}>
        <DropZone busy={propose.isPending} send={send} />
        {propose.isError && <Failure error={propose.error} title="The file was not accepted" />}
        <Help connector={connector} choose={setConnector} rewrite={rewrite} setRewrite={setRewrite} />
        <Section title="Paste text instead">
          <Stack gap={10}>
            <Textarea aria-label="The document’s text" autosize minRows={6} maxRows={18} spellCheck={false} value={text} onChange={(e) => setText(e.currentTarget.value)} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }} />
            <Row gap={12}>
              <ActionButton variant="default" why={text.trim() ? null : 'Paste the text first.'} loading={propose.isPending} onClick={() => send(new File([text], 'pasted.json', { type: 'application/json' }))}>
                Read it
              </ActionButton>
            </Row>
          </Stack>
        </Section>
      </Stack>
    </>
  );
}

function DropZone({ busy, send }: { busy: boolean; send: (file: File) => void }) {
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const take = (file: File | null | undefined) => {
    if (!file || busy) return;
    const tooLarge = file.size > LARGEST;
    setRefused(tooLarge ? `${file.name} has ${bytes(file.size)}; a model document has at most ${bytes(LARGEST)}. Is it the artifact? That is uploaded to a version.` : null);
    if (!tooLarge) send(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <div className={css.drop} data-over={over} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop} aria-busy={busy}>
      <IconFileUpload size={34} stroke={1.4} aria-hidden="true" />
      <strong>{busy ? 'Reading the file' : 'Drop a file here'}</strong>
      <span className="hint">JSON or YAML, up to 10 MB. Pickles are never opened.</span>
      <FileButton onChange={take}>
        {(props) => <Button {...props} size="sm" variant="default" loading={busy}>Choose a file</Button>}
      </FileButton>
      {refused && <p role="alert" className={css.refused}>{refused}</p>}
    </div>
  );
}

interface HelpProps {
  connector: string | null;
  choose: (id: string | null) => void;
  rewrite: boolean;
  setRewrite: (on: boolean) => void;
}

/** A language model for the parts that the hub leaves open. It maps; it does not write values. */
function Help({ connector, choose, rewrite, setRewrite }: HelpProps) {
  const may = useMay('connector:connector:read');
  const connectors = useQuery({ ...trpc.connectors.list.queryOptions(), enabled: may });
  const usable = connectors.data?.filter((one) => !one.disabled_at) ?? [];
  if (usable.length === 0) return null;
  return (
    <Panel title="Help from a language model" note="only for the parts that the hub itself does not recognise">
      <Stack gap={12}>
        <Select
          label="Connector"
          description="It answers with rules, which the hub checks and applies. The review shows the text that leaves the hub. Before the first time, nothing is sent until you have seen the text."
          placeholder="None: the hub reads the file alone"
          clearable
          maw={420}
          value={connector}
          onChange={choose}
          data={usable.map((one) => ({ value: one.id, label: one.name }))}
        />
        {connector && (
          <Switch
            label="Let it read the whole file"
            description="It then writes the document’s values itself. Each is checked against the file. A value that the file does not contain stays out until you confirm it."
            checked={rewrite}
            onChange={(e) => setRewrite(e.currentTarget.checked)}
          />
        )}
      </Stack>
    </Panel>
  );
}
