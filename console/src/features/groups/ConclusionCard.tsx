import { Select, SegmentedControl, Title } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Notice, Status } from '@/components/States';
import { Live } from '@/components/Time';
import { count, dayOf, percent, when } from '@/components/format';
import css from '@/features/groups/comparison.module.css';
import { metricName } from '@/features/groups/metrics';
import { positiveIf, usePositiveScores } from '@/features/groups/positive';
import { trpc } from '@/rpc/client';
import type { Comparison } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/');

interface ConclusionProps {
  comparison: Comparison;
  updatedAt: number;
  heard: boolean;
  failing: boolean;
  current: boolean;
  pooled: boolean;
}

/** The comparison in plain words: who leads, by how much, how sure that is, which outcomes are missing, what to do next. */
export function ConclusionCard({ comparison, updatedAt, heard, failing, current, pooled }: ConclusionProps) {
  const { conclusion: said, sample_ratio: ratio } = comparison;
  const positive = usePositiveScores(comparison.slug);
  return (
    <section className={css.conclusion} data-state={said?.state} aria-label="Verdict">
      <div className={css.words}>
        <div className="eyebrow">Verdict on {metricName(comparison.decision_metric)}</div>
        <Title order={2} mt={2}>
          {said ? said.headline : comparison.verdict}
        </Title>
        {said?.margin && <p className={css.margin}>{said.margin}</p>}
        {said?.certainty && <p>{said.certainty}</p>}
        {current && said?.waiting && <p>{said.waiting}</p>}
        {current && said?.advice && (
          <div className={css.advice}>
            <IconArrowRight size={15} aria-hidden="true" />
            <span>{said.advice}</span>
          </div>
        )}
      </div>
      <div className={css.tools}>
        {current ? <Live updatedAt={updatedAt} heard={heard} failing={failing} /> : <span className="hint">A past phase, closed. The current phase shows what to do next.</span>}
        <PhasePicker slug={comparison.slug} shown={comparison.phase} current={current} />
        {comparison.phase > 1 && <Scope pooled={pooled} />}
      </div>
      {ratio && !ratio.ok && said?.state !== 'mismatch' && (
        <div style={{ gridColumn: '1 / -1' }}>
          <Notice tone="bad">{ratio.words}</Notice>
        </div>
      )}
      <div className={css.foot}>
        <SampleRatio of={ratio} />
        <Outcomes comparison={comparison} />
        {comparison.maturity?.until && <span>Requests before {when(comparison.maturity.until)}</span>}
        {!comparison.regression && <span>{positiveIf(positive, comparison.threshold)}</span>}
        {comparison.exact && <span>Counted from every row</span>}
      </div>
    </section>
  );
}

function Outcomes({ comparison }: { comparison: Comparison }) {
  // A shadow scores what another version answered: counting it would count a case twice.
  const answering = comparison.contenders.filter((c) => c.role !== 'shadow');
  const n = answering.reduce((sum, c) => sum + c.n, 0);
  const labelled = answering.reduce((sum, c) => sum + c.n_labelled, 0);
  return (
    <span className="num">
      {count(labelled)} of {count(n)} outcomes in{n > 0 && ` (${percent(labelled / n, 0)})`}
    </span>
  );
}

function SampleRatio({ of }: { of: Comparison['sample_ratio'] }) {
  if (!of) return <Status tone="info">Traffic split not checked yet</Status>;
  const p = of.p_value < 0.001 ? 'p < 0.001' : `p ${of.p_value.toFixed(3)}`;
  return of.ok ? <Status tone="ok">Traffic split is as configured, {p}</Status> : <Status tone="bad">Traffic split is not as configured, {p}</Status>;
}

function Scope({ pooled }: { pooled: boolean }) {
  const navigate = route.useNavigate();
  return (
    <SegmentedControl
      size="xs"
      aria-label="Phases to include"
      value={pooled ? 'pooled' : 'alone'}
      data={[
        { value: 'alone', label: 'This phase' },
        { value: 'pooled', label: 'And earlier ones' },
      ]}
      onChange={(value) => void navigate({ search: (old) => ({ ...old, pooled: value === 'pooled' ? true : undefined }) })}
    />
  );
}

function PhasePicker({ slug, shown, current }: { slug: string; shown: number; current: boolean }) {
  const phases = useQuery(trpc.groups.phases.queryOptions({ slug }));
  const navigate = route.useNavigate();
  const newest = Math.max(shown, ...(phases.data ?? []).map((p) => p.number));
  return (
    <Select
      aria-label="Phase"
      size="xs"
      w={190}
      allowDeselect={false}
      value={current ? 'current' : shown.toString()}
      data={[
        { value: 'current', label: `Phase ${newest.toString()}, current` },
        ...(phases.data ?? []).filter((p) => p.number !== newest).sort((a, b) => b.number - a.number).map((p) => ({ value: p.number.toString(), label: `Phase ${p.number.toString()}, ${dayOf(p.opened_at)}` })),
      ]}
      onChange={(value) => void navigate({ search: (old) => ({ ...old, phase: value === 'current' || value === null ? undefined : Number(value) }) })}
    />
  );
}
