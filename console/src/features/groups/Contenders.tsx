import { Button, Title } from '@mantine/core';
import { IconCrown } from '@tabler/icons-react';

import { RoleBadge, type Tone } from '@/components/Roles';
import { count, micros, percent, share } from '@/components/format';
import charts from '@/features/groups/comparison.module.css';
import css from '@/features/groups/groups.module.css';
import type { Comparison, Contender, MetricEstimate } from '@/rpc/types';

interface ContendersProps {
  comparison: Comparison;
  tones: Tone[];
  /** Null in a past phase, because its contenders cannot be promoted, and for people who may not promote. */
  promote: ((contender: Contender) => void) | null;
}

/** The contenders side by side: how much each has answered, how many outcomes are in, how fast it is. */
export function Contenders({ comparison, tones, promote }: ContendersProps) {
  return (
    <div className={css.contenders}>
      {comparison.contenders.map((c, i) => (
        <ContenderCard key={c.version_id} contender={c} tone={tones[i]?.css ?? 'var(--ty-shadow)'} promote={promote} leads={comparison.leader === c.version_id} minimum={comparison.minimum} />
      ))}
    </div>
  );
}

interface CardProps {
  contender: Contender;
  tone: string;
  promote: ContendersProps['promote'];
  leads: boolean;
  minimum: number;
}

function ContenderCard({ contender: c, tone, promote, leads, minimum }: CardProps) {
  const labelled = c.n > 0 ? c.n_labelled / c.n : 0;
  const failing = [rate('errors', c.error_rate, minimum), rate('answered by the champion', c.fallback_rate, minimum)].filter((said) => said !== null);
  return (
    <article className={css.contender} style={{ '--tone': tone }} aria-label={`${c.label}, ${c.role}`}>
      <div className={css.contenderHead}>
        <Title order={2}>{c.label}</Title>
        <RoleBadge role={c.role} />
        {promote && c.role !== 'champion' && (
          <Button ml="auto" variant={leads ? 'filled' : 'default'} leftSection={<IconCrown size={14} />} onClick={() => promote(c)}>
            Promote {c.label}
          </Button>
        )}
      </div>
      <div className="hint">
        {c.model_name}
        {leads && <strong>, leads on the evidence so far</strong>}
      </div>
      <dl className={css.stats}>
        <div>
          <dt>Predictions</dt>
          <dd>
            <span className="num">{count(c.n)}</span>
            <small>{c.role === 'shadow' ? 'copies of requests' : `${percent(c.observed_share)}, configured ${share(c.share)}`}</small>
          </dd>
        </div>
        <div>
          <dt>Outcomes in</dt>
          <dd>
            <span className="num">{count(c.n_labelled)}</span>
            <small>{c.positive_rate === null ? 'none yet' : c.n_labelled < minimum ? `rates from ${count(minimum)} on` : `${percent(c.positive_rate)} positive`}</small>
          </dd>
        </div>
        <div>
          <dt>Latency p99</dt>
          <dd>
            {c.latency ? <span className="num">{micros(c.latency.p99_us)}</span> : '–'}
            <small>{c.latency ? `p50 ${micros(c.latency.p50_us)}` : 'no answers yet'}</small>
          </dd>
        </div>
      </dl>
      <div className={css.meter} role="img" aria-label={`${percent(labelled, 0)} of outcomes are in`}>
        <i style={{ width: `${(labelled * 100).toFixed(1)}%` }} />
      </div>
      <div className="hint" style={{ marginTop: 5 }}>
        {c.n === 0 ? 'No predictions yet.' : c.n === c.n_labelled ? 'All outcomes are in.' : `${percent(labelled, 0)} of outcomes are in; ${count(c.n - c.n_labelled)} not yet.`}
        {c.n_compared < c.n && ` ${count(c.n_compared)} are compared: randomly assigned, outcomes due.`}
      </div>
      {failing.length > 0 && <div className={charts.rates}>{failing.join(' · ')}</div>}
    </article>
  );
}

/** A rate worth a word: one above nothing. */
function rate(name: string, of: MetricEstimate, minimum: number): string | null {
  if (!of.value) return null;
  if (of.n < minimum) return `${name}: ${count(Math.round(of.value * of.n))} of ${count(of.n)}`;
  return `${name} ${percent(of.value, 2)}${of.interval ? ` (${percent(of.interval.low, 2)} to ${percent(of.interval.high, 2)})` : ''}`;
}
