import { Select } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useMemo, useState } from 'react';

import { Panel } from '@/components/Panel';
import { tonesOf } from '@/components/Roles';
import { Answer, Empty, Loading, Status } from '@/components/States';
import { Live } from '@/components/Time';
import { count, dayOf, percent } from '@/components/format';
import { useMay } from '@/features/access/session';
import { Contenders } from '@/features/groups/Contenders';
import { LatencyPanel } from '@/features/groups/LatencyPanel';
import { MetricTable } from '@/features/groups/MetricTable';
import { PromoteDialog } from '@/features/groups/PromoteDialog';
import { ScoreChart } from '@/features/groups/ScoreChart';
import css from '@/features/groups/groups.module.css';
import { metricName } from '@/features/groups/metrics';
import { queryClient, trpc } from '@/rpc/client';
import { useHeard, useInSight } from '@/rpc/live';
import type { Comparison, Contender } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/');

/** The Comparative View: the contenders of one phase side by side, live. */
export function Compare() {
  const { slug } = route.useParams();
  const { phase } = route.useSearch();
  const wanted = { slug, phase: phase ?? null };
  const heard = useHeard(
    useSubscription(
      trpc.groups.onComparison.subscriptionOptions(wanted, {
        enabled: useInSight(),
        onData: ({ data }) => queryClient.setQueryData(trpc.groups.comparison.queryKey(wanted), data),
      }),
    ),
  );
  const comparison = useQuery(trpc.groups.comparison.queryOptions(wanted, { refetchInterval: heard ? false : 2_000, placeholderData: (old) => old }));
  return (
    <Answer of={comparison} skeleton={<Loading rows={4} height={110} />}>
      {(data) => <View comparison={data} updatedAt={comparison.dataUpdatedAt} heard={heard} failing={comparison.isError || comparison.failureCount > 0} current={phase === undefined} />}
    </Answer>
  );
}

interface ViewProps {
  comparison: Comparison;
  updatedAt: number;
  heard: boolean;
  failing: boolean;
  current: boolean;
}

function View({ comparison, updatedAt, heard, failing, current }: ViewProps) {
  const promotes = useMay('group:group:promote');
  const [candidate, setCandidate] = useState<{ contender: Contender; evidence: Comparison } | null>(null);
  const roles = comparison.contenders.map((c) => `${c.version_id}:${c.role}`).join();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- tones depend on the roles alone; a new figure must not redraw every chart
  const tones = useMemo(() => tonesOf(comparison.contenders), [roles]);
  const answered = comparison.contenders.some((c) => c.n > 0);
  return (
    <>
      <Verdict comparison={comparison} updatedAt={updatedAt} heard={heard} failing={failing} current={current} />
      <Contenders comparison={comparison} tones={tones} promote={current && promotes ? (contender) => setCandidate({ contender, evidence: comparison }) : null} />
      {answered ? (
        <>
          <Panel flush title="Metrics" note={`Bands are 95 % intervals. Where bands overlap, the difference may be chance.`}>
            <MetricTable comparison={comparison} tones={tones} />
          </Panel>
          <div className={css.grid2}>
            <Panel title="Scores">
              <ScoreChart comparison={comparison} tones={tones} />
            </Panel>
            <Panel title="Latency">
              <LatencyPanel comparison={comparison} tones={tones} />
            </Panel>
          </div>
        </>
      ) : (
        <Panel>
          <Empty icon={<IconScale size={30} />} title="No predictions in this phase yet">
            Figures appear here within a second of the first prediction. The Endpoint tab has a request to try.
          </Empty>
        </Panel>
      )}
      {candidate && <PromoteDialog evidence={candidate.evidence} contender={candidate.contender} latest={comparison} close={() => setCandidate(null)} />}
    </>
  );
}

function Verdict({ comparison, updatedAt, heard, failing, current }: ViewProps) {
  // A shadow scores what another version answered: counting it would count a case twice.
  const answering = comparison.contenders.filter((c) => c.role !== 'shadow');
  const n = answering.reduce((sum, c) => sum + c.n, 0);
  const labelled = answering.reduce((sum, c) => sum + c.n_labelled, 0);
  return (
    <section className={css.verdict} aria-label="Verdict">
      <div className={css.verdictWords}>
        <div className="eyebrow">Verdict on {metricName(comparison.decision_metric)}</div>
        <p>{comparison.verdict}</p>
        <div className={css.verdictMeta}>
          <SampleRatio of={comparison.sample_ratio} />
          <span className="num">
            {count(labelled)} of {count(n)} outcomes in{n > 0 && ` (${percent(labelled / n, 0)})`}
          </span>
          <span>label at score ≥ {comparison.threshold}</span>
        </div>
      </div>
      <div style={{ display: 'flex', gap: 16, alignItems: 'center', flexWrap: 'wrap' }}>
        {current ? <Live updatedAt={updatedAt} heard={heard} failing={failing} /> : <span className="hint">a past phase</span>}
        <PhasePicker slug={comparison.slug} shown={comparison.phase} current={current} />
      </div>
    </section>
  );
}

function SampleRatio({ of }: { of: Comparison['sample_ratio'] }) {
  if (!of) return <Status tone="info">split not checked yet</Status>;
  const p = of.p_value < 0.001 ? 'p < 0.001' : `p ${of.p_value.toFixed(3)}`;
  return of.ok ? <Status tone="ok">split as asked, {p}</Status> : <Status tone="bad">split is not as asked, {p}: do not trust the comparison</Status>;
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
      onChange={(value) => void navigate({ search: { phase: value === 'current' || value === null ? undefined : Number(value) } })}
    />
  );
}
