import type { ReactNode } from 'react';

import { Identifier } from '@/components/Copy';
import { Facts } from '@/components/Kpi';
import { bytes, count, when, wordsOf } from '@/components/format';
import type { ModelDocument, Version } from '@/rpc/types';

type Fact = [ReactNode, ReactNode];
const stated = (facts: [ReactNode, ReactNode | null | undefined][]): Fact[] => facts.filter((f): f is Fact => f[1] !== null && f[1] !== undefined && f[1] !== '');
/** A setting as it was given: a seed has no thousands separator, a learning rate no more digits than were set. */
const say = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Facts, or that the document states none. */
function Stated({ facts }: { facts: [ReactNode, ReactNode | null | undefined][] }) {
  const kept = stated(facts);
  return kept.length > 0 ? <Facts of={kept} /> : <p className="hint">The document states nothing here.</p>;
}

export function AboutFacts({ document: d }: { document: ModelDocument }) {
  return (
    <Stated
      facts={[
        ['Task', d.task?.type && wordsOf(d.task.type)],
        ['Target', d.task?.target],
        ['Classes', d.task?.classes.join(', ')],
        ['Positive class', d.task?.positive_class],
        ['Threshold', d.task?.threshold],
        ['Algorithm', [d.algorithm?.name, d.algorithm?.family].filter(Boolean).join(', ')],
        ['Framework', [d.algorithm?.framework, d.algorithm?.framework_version].filter(Boolean).join(' ')],
        ['Base model', d.algorithm?.base_model],
        ['Owners', d.owners.map((o) => [o.name, o.role && `(${o.role})`, o.contact].filter(Boolean).join(' ')).join(', ')],
        ['Licence', d.license],
        ['Considerations', d.considerations.length > 0 ? d.considerations.map((c) => <div key={c}>{c}</div>) : null],
      ]}
    />
  );
}

export function TrainingFacts({ document: d }: { document: ModelDocument }) {
  const t = d.training;
  return (
    <Stated
      facts={[
        ['Dataset', t?.dataset?.name],
        ['Where it is', t?.dataset?.uri],
        ['Digest', t?.dataset?.digest && <Identifier value={t.dataset.digest} what="dataset digest" keep={24} />],
        ['Rows', t?.dataset?.rows == null ? null : count(t.dataset.rows)],
        ['Range', t?.dataset?.range],
        ...Object.entries(t?.split_rows ?? {}).map(([split, rows]): Fact => [`Rows, ${split}`, count(rows)]),
        ['Seed', t?.seed],
        ['Started', t?.started_at],
        ['Finished', t?.finished_at],
        ['Code', t?.code],
        ...Object.entries(t?.hyperparameters ?? {}).map(([name, value]): Fact => [<code key={name}>{name}</code>, say(value)]),
      ]}
    />
  );
}

export function UseFacts({ document: d }: { document: ModelDocument }) {
  const u = d.intended_use;
  return (
    <Stated
      facts={[
        ['Purpose', u?.purpose],
        ['Use cases', u?.use_cases.join(', ')],
        ['Products', u?.products.join(', ')],
        ['Regions', u?.regions.join(', ')],
        ['Decision', u?.decision_mode],
        ['Not for', u && u.prohibited.length > 0 ? u.prohibited.map((p) => <div key={p}>{p}</div>) : null],
      ]}
    />
  );
}

export function LineageFacts({ version: v }: { version: Version }) {
  const { lineage, provenance, unmapped } = v.document;
  return (
    <Stated
      facts={[
        ['Version', `${v.label}, created ${when(v.created_at)} by ${v.created_by}`],
        ['Artifact', v.artifact ? `${v.artifact.kind}, ${bytes(v.artifact.size_bytes)}, uploaded ${when(v.artifact.uploaded_at)}` : 'none yet'],
        ['Artifact SHA-256', v.artifact && <Identifier value={v.artifact.sha256} what="SHA-256" keep={24} />],
        ['Its score', v.artifact?.meaning],
        ['Missing value', v.artifact?.missing],
        ['Noted at the upload', v.artifact && v.artifact.differences.length > 0 ? v.artifact.differences.map((d) => <div key={d.pointer + d.message}>{d.message}</div>) : null],
        ['Source format', lineage?.source_format],
        ['Source SHA-256', lineage?.source_sha256 && <Identifier value={lineage.source_sha256} what="source SHA-256" keep={24} />],
        ['Not mapped', unmapped.length > 0 ? unmapped.join(', ') : null],
        ...Object.entries(provenance).map(([at, from]): Fact => [<code key={at}>{at}</code>, <code key={from}>{from}</code>]),
      ]}
    />
  );
}
