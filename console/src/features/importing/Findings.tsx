import { Link } from '@tanstack/react-router';

import { Panel } from '@/components/Panel';
import { PendingButton } from '@/components/PendingButton';
import { Notice } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import type { Revise } from '@/features/importing/types';
import { say } from '@/features/importing/words';
import type { ImportDraft, Revision } from '@/rpc/types';

type Contradiction = ImportDraft['contradictions'][number];
type Decision = NonNullable<Revision['decisions']>[number];

interface Asked {
  draft: ImportDraft;
  revise: Revise;
  busy: boolean;
}

/** What a person has to know or decide before the file is kept. */
export function Findings({ draft, revise, busy }: Asked) {
  return (
    <>
      {draft.several_models && <SeveralModels draft={draft} revise={revise} busy={busy} />}
      {!draft.document && !draft.several_models && (
        <Notice tone="bad">
          {draft.questions[0] ?? 'This file describes no model.'} {draft.format && <>It was read as {draft.format}.</>}
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
      {draft.document && draft.contradictions.length === 0 && draft.questions.map((question) => <Notice key={question} tone="warn">{question}</Notice>)}
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
  return (
    <Panel title={`The file describes ${plural(names.length, 'model')}`} note="which one is meant? They are never blended">
      <ul className={css.choices}>
        {names.map((name) => (
          <li key={name}>
            <PendingButton fullWidth variant={draft.picked === name ? 'filled' : 'default'} busy={busy} onClick={() => revise({ pick: name })}>{name}</PendingButton>
          </li>
        ))}
      </ul>
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
    <Panel title="Contradictions" note="what the file says cannot all be true">
      <div style={{ display: 'grid', gap: 12 }}>
        {draft.contradictions.map((one) => <Contradicted key={one.target + one.message} of={one} decide={decide} busy={busy} />)}
      </div>
    </Panel>
  );
}

function Contradicted({ of: { target, message, claims, settled }, decide, busy }: { of: Contradiction; decide: (more: Decision[]) => void; busy: boolean }) {
  const [first, second] = claims;
  const figure = claims.find((claim) => claim.target === target) ?? first;
  const percentage = typeof figure?.value === 'number' && figure.value > 1 && figure.value <= 100;
  const swappable = first && second && first.target !== '' && second.target !== '' && first.target !== second.target;
  return (
    <Notice tone={settled ? 'info' : 'warn'}>
      <strong>{message}</strong>
      <ul className={css.claims}>
        {claims.map((claim) => (
          <li key={claim.pointer} className={css.claim}>
            <code>{claim.pointer}</code> says <b>{say(claim.value)}</b> {claim.target && <span className="hint">for {claim.target}</span>}
          </li>
        ))}
      </ul>
      <div className={css.decide}>
        {figure && percentage && <PendingButton variant="default" busy={busy} onClick={() => decide([{ source: figure.pointer, choice: 'percent' }])}>It is a percentage</PendingButton>}
        {swappable && (
          <PendingButton
            variant="default"
            busy={busy}
            onClick={() => decide([{ source: first.pointer, choice: 'take', other: second.pointer }, { source: second.pointer, choice: 'take', other: first.pointer }])}
          >
            Swap the two
          </PendingButton>
        )}
        {figure && <PendingButton variant="default" busy={busy} onClick={() => decide([{ source: figure.pointer, choice: 'leave_out' }])}>Leave {say(figure.value)} out</PendingButton>}
        {figure && !settled && <PendingButton variant="subtle" color="gray" busy={busy} onClick={() => decide([{ source: figure.pointer, choice: 'keep' }])}>Keep it as it is</PendingButton>}
        {settled && <span className="hint">Decided: it stays.</span>}
      </div>
    </Notice>
  );
}
