import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Facts } from '@/components/Kpi';
import { Panel } from '@/components/Panel';
import { count, figure, mark, metric, plural, splitWords, wordsOf } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import type { ImportDraft } from '@/rpc/types';

const SHOWN = 8;

type Part = Record<string, unknown>;
const part = (value: unknown): Part => (typeof value === 'object' && value !== null ? (value as Part) : {});
const list = (value: unknown): Part[] => (Array.isArray(value) ? value.map(part) : []);
const said = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? mark(value) : null);

/** The result before the questions: the model, its figures and its features, in plain words. */
export function Understood({ draft }: { draft: ImportDraft }) {
  const document = part(draft.document);
  const task = part(document.task);
  const data = part(part(document.training).dataset);
  const metrics = list(document.metrics);
  const features = list(document.features);
  const facts: [string, ReactNode][] = [
    ['Model', [said(document.name), said(document.version) && `version ${said(document.version) ?? ''}`].filter(Boolean).join(', ')],
    ['Algorithm', [said(part(document.algorithm).name), said(part(document.algorithm).framework)].filter(Boolean).join(', ')],
    ['Predicts', [said(task.target), said(task.type) && wordsOf(said(task.type) ?? '').toLowerCase(), said(task.threshold) && `threshold ${said(task.threshold) ?? ''}`].filter(Boolean).join(', ')],
    ['Figures', metrics.length > 0 && <Figures key="figures" of={metrics} />],
    ['Features', features.length > 0 && `${count(features.length)}: ${some(features.map((one) => said(one.name) ?? ''))}`],
    ['Trained on', [said(data.name) ?? said(data.uri), typeof data.rows === 'number' && plural(data.rows, 'row')].filter(Boolean).join(', ')],
  ];
  return (
    <Panel title="Understood" note={draft.several_models && !draft.picked ? 'the common part of its models' : 'check it before you answer the questions below'}>
      <Facts of={facts.filter(([, value]) => value !== '' && value !== false)} />
      <p className="hint" style={{ margin: '10px 0 0' }}>
        {draft.unmapped.length === 0 ? (
          'Every value of the file has its place.'
        ) : (
          <>
            <Link to="/import/$draft" params={{ draft: draft.draft_id }} search={{ view: 'unmapped' }} className="link">
              {plural(draft.unmapped.length, 'value')}
            </Link>{' '}
            found no place. What has none is saved with the version as it is.
          </>
        )}
      </p>
    </Panel>
  );
}

const some = (names: string[]) => `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${(names.length - SHOWN).toString()} more` : ''}`;

function Figures({ of }: { of: Part[] }) {
  return (
    <ul className={css.figures}>
      {of.slice(0, SHOWN).map((one, i) => (
        <li key={i}>
          {wordsOf(said(one.name) ?? '')} <b className="num">{typeof one.value === 'number' ? (Number.isInteger(one.value) ? figure(one.value) : metric(one.value, digitsOf(one.value))) : '–'}</b>{' '}
          <span className="hint">{[splitWords(said(one.split) ?? ''), said(one.slice), said(one.class)].filter(Boolean).join(', ') || 'split not stated'}</span>
        </li>
      ))}
      {of.length > SHOWN && <li className="hint">and {of.length - SHOWN} more</li>}
    </ul>
  );
}

/** As many digits as the file has, within reason: 0.871 is not 0.8710. */
const digitsOf = (value: number) => Math.min(6, value.toString().split('.')[1]?.length ?? 0);
