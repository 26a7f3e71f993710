import { Checkbox } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { Panel } from '@/components/Panel';
import { PendingButton } from '@/components/PendingButton';
import { Failure, Notice } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural, sentence } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import type { Revise } from '@/features/importing/types';
import { placeOf, say } from '@/features/importing/words';
import { queryClient, trpc } from '@/rpc/client';
import type { ImportDraft, Revision } from '@/rpc/types';

type Contradiction = ImportDraft['contradictions'][number];
type Decision = NonNullable<Revision['decisions']>[number];

interface Asked {
  draft: ImportDraft;
  revise: Revise;
  busy: boolean;
}

/** Facts and decisions for a person before the file is saved. */
export function Findings({ draft, revise, busy }: Asked) {
  return (
    <>
      {draft.several_models && <SeveralModels draft={draft} revise={revise} busy={busy} />}
      {!draft.document && !draft.several_models && (
        <Notice tone="bad">
          {draft.questions[0] ?? 'This file describes no model.'} {draft.format && <>It was read as {draft.format}.</>} If it is, give its values a place below.
        </Notice>
      )}
      {draft.duplicate_of.map((twin) => (
        <Notice key={twin.version_id} tone="info">
          The very same bytes are <Link to="/models/$slug/card" params={{ slug: twin.model_slug }} search={{ v: twin.label }}>{twin.model_name} {twin.label}</Link> already, imported <Ago at={twin.imported_at} />.
        </Notice>
      ))}
      {draft.remembered && (
        <Notice tone="ok">
          Files of this shape are known: read by the mapping that {draft.remembered.created_by} kept <Ago at={draft.remembered.created_at} />. <Link to="/settings/mappings">Remembered mappings</Link>
        </Notice>
      )}
      <Contradictions draft={draft} revise={revise} busy={busy} />
      {draft.document && !draft.several_models && draft.contradictions.length === 0 && draft.questions.map((question) => <Notice key={question} tone="warn">{question}</Notice>)}
      {draft.warnings.length > 0 && (
        <Notice tone="warn">
          {draft.warnings.map((one) => <div key={one.pointer + one.message}><code>{one.pointer || '/'}</code> {one.message}</div>)}
        </Notice>
      )}
    </>
  );
}

function SeveralModels({ draft, revise, busy }: Asked) {
  const names = draft.several_models ?? [];
  const [chosen, setChosen] = useState<string[]>([]);
  const navigate = useNavigate();
  const commit = useMutation(
    trpc.imports.commitSeveral.mutationOptions({
      onSuccess: (versions) => {
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        const [first] = versions;
        if (first) void navigate({ to: '/' });
      },
    }),
  );
  const keep = (picks: string[] | null) => commit.mutate({ draft_id: draft.draft_id, picks, ...(draft.model ? { model: draft.model } : {}) });
  return (
    <Panel title={`The file describes ${plural(names.length, 'model')}`} note="look at one, or save several at once. They are never blended">
      <ul className={css.choices}>
        {names.map((name) => (
          <li key={name} style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <Checkbox aria-label={`Choose ${name}`} checked={chosen.includes(name)} onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, name] : chosen.filter((one) => one !== name))} />
            <PendingButton fullWidth variant={draft.picked === name ? 'filled' : 'default'} busy={busy} onClick={() => revise({ pick: name })}>{name}</PendingButton>
          </li>
        ))}
      </ul>
      <div className={css.decide}>
        <PendingButton variant="default" why={chosen.length === 0 ? 'Tick one or more models first.' : null} reasonAt="tooltip" busy={commit.isPending} onClick={() => keep(chosen)}>{chosen.length === 0 ? 'Save the chosen models' : `Save the ${plural(chosen.length, 'chosen model')}`}</PendingButton>
        <PendingButton variant="default" busy={commit.isPending} onClick={() => keep(null)}>Save all {names.length}</PendingButton>
        <span className="hint">Each becomes {draft.model ? `a version of ${draft.model}` : 'a model of its own'}; shared parts, such as features and dataset, go to each.</span>
      </div>
      {commit.isError && <Failure error={commit.error} title="They were not saved" />}
    </Panel>
  );
}

function Contradictions({ draft, revise, busy }: Asked) {
  if (draft.contradictions.length === 0) return null;
  const decide = (more: Decision[]) => {
    const decided = new Set(more.map((one) => one.source));
    revise({ decisions: [...draft.decisions.filter((one) => !decided.has(one.source)), ...more] });
  };
  return (
    <Panel title="Contradictions" note="the statements of the file cannot all be true">
      <div style={{ display: 'grid', gap: 12 }}>
        {draft.contradictions.map((one) => <Contradicted key={one.target + one.message} of={one} document={draft.document} decide={decide} busy={busy} />)}
      </div>
    </Panel>
  );
}

function Contradicted({ of: { message, claims, settled, choices }, document, decide, busy }: { of: Contradiction; document: ImportDraft['document']; decide: (more: Decision[]) => void; busy: boolean }) {
  return (
    <Notice tone={settled ? 'info' : 'warn'}>
      <strong>{sentence(message)}</strong>
      <ul className={css.claims}>
        {claims.map((claim, i) => (
          <li key={`${claim.pointer} ${i.toString()}`} className={css.claim}>
            <code>{claim.pointer}</code> {claim.reading ? 'read as' : 'says'} <b>{say(claim.value)}</b> {claim.target && <span className="hint" title={claim.target}>for {placeOf(document, claim.target)}</span>}
          </li>
        ))}
      </ul>
      <div className={css.decide}>
        {choices.map((choice) => (
          <PendingButton key={choice.label} variant="default" busy={busy} onClick={() => decide(choice.decisions)}>{sentence(choice.label)}</PendingButton>
        ))}
        {settled && <span className="hint">Decided. It is remembered with the shape of the file.</span>}
      </div>
    </Notice>
  );
}
