import { IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useMemo, useState } from 'react';

import { Panel } from '@/components/Panel';
import { tonesOf } from '@/components/Roles';
import { Answer, Empty, Loading } from '@/components/States';
import { percent, when } from '@/components/format';
import { useMay } from '@/features/access/session';
import { Cohorts } from '@/features/groups/Cohorts';
import { ConclusionCard } from '@/features/groups/ConclusionCard';
import { Contenders } from '@/features/groups/Contenders';
import { Differences } from '@/features/groups/Differences';
import { Explored } from '@/features/groups/Explored';
import { LatencyPanel } from '@/features/groups/LatencyPanel';
import { MetricTable } from '@/features/groups/MetricTable';
import { PromoteDialog } from '@/features/groups/PromoteDialog';
import { StarvedNotice } from '@/features/groups/StarvedNotice';
import { ScoreChart } from '@/features/groups/ScoreChart';
import { Selection } from '@/features/groups/Selection';
import css from '@/features/groups/groups.module.css';
import { queryClient, trpc } from '@/rpc/client';
import { useHeard, useInSight } from '@/rpc/live';
import type { Comparison, Contender } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/');

/** On whom the metrics are. */
const onWhom = ({ maturity, phase, regression }: Comparison) =>
  `Metrics on outcomes are computed on the predictions of phase ${phase.toString()} that chance assigned to a version${maturity?.until ? `, made before ${when(maturity.until)}` : ''}, if their outcome is in: n in each column.${regression ? '' : ' Precision covers those with a positive label, recall those with a positive outcome.'} Error rate, fallback rate and mean score cover all requests of the version.`;

/** Which decisions count, and how much of their worth the limits cut. */
function onDecisions({ contenders, decided_by }: Comparison) {
  if (contenders.every((one) => one.approval_rate.value === null)) return '';
  const clipped = Math.max(...contenders.map((one) => one.value_clipped ?? 0));
  return `Approval rate, bad rate and value follow the ${decided_by} decision.${clipped > 0 ? ` The value table’s limits cut up to ${percent(clipped)} of the worths.` : ''}`;
}

/** The Comparative View: the contenders of one phase side by side, live. */
export function Compare() {
  const { slug } = route.useParams();
  const { phase, pooled = false } = route.useSearch();
  const wanted = { slug, phase: phase ?? null, pooled };
  const heard = useHeard(
    useSubscription(
      trpc.groups.onComparison.subscriptionOptions(wanted, {
        enabled: useInSight(),
        onData: ({ data }) => queryClient.setQueryData(trpc.groups.comparison.queryKey(wanted), data),
      }),
    ),
  );
  const comparison = useQuery(trpc.groups.comparison.queryOptions(wanted, { refetchInterval: heard ? false : 2_000}));
  return (
    <Answer of={comparison} skeleton={<Loading rows={4} height={110} />}>
      {(data) => <View comparison={data} updatedAt={comparison.dataUpdatedAt} heard={heard} failing={comparison.isError || comparison.failureCount > 0} current={phase === undefined} pooled={pooled} />}
    </Answer>
  );
}

interface ViewProps {
  comparison: Comparison;
  updatedAt: number;
  heard: boolean;
  failing: boolean;
  current: boolean;
  pooled: boolean;
}

function View({ comparison, current, ...shown }: ViewProps) {
  const promotes = useMay('group:group:promote');
  const [candidate, setCandidate] = useState<{ contender: Contender; evidence: Comparison } | null>(null);
  const roles = comparison.contenders.map((c) => `${c.version_id}:${c.role}`).join();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- tones depend on the roles alone; a new figure must not redraw every chart
  const tones = useMemo(() => tonesOf(comparison.contenders), [roles]);
  const answered = comparison.contenders.some((c) => c.n > 0);
  return (
    <>
      {current && <StarvedNotice slug={comparison.slug} />}
      <ConclusionCard comparison={comparison} current={current} {...shown} />
      <Contenders comparison={comparison} tones={tones} promote={current && promotes ? (contender) => setCandidate({ contender, evidence: comparison }) : null} />
      {answered ? (
        <>
          <div className={css.grid2} style={{ marginTop: 0, marginBottom: 14 }}>
            {comparison.differences.length > 0 && (
              <Panel title="Better or worse than the champion" note="Always-valid 95 % intervals">
                <Differences comparison={comparison} tones={tones} />
              </Panel>
            )}
            <Panel title="Outcomes in">
              <Cohorts comparison={comparison} tones={tones} />
            </Panel>
          </div>
          {comparison.selection && (
            <div style={{ marginBottom: 14 }}>
              <Selection comparison={comparison} selection={comparison.selection} tones={tones} />
            </div>
          )}
          {comparison.contenders.some((one) => one.explored) && (
            <div style={{ marginBottom: 14 }}>
              <Explored comparison={comparison} />
            </div>
          )}
          <Panel flush title="Metrics" note="Bands are 95 % intervals for a single look. The verdict above stays valid for any number of looks.">
            <MetricTable comparison={comparison} tones={tones} />
            <p className="hint" style={{ margin: 0, padding: '10px 16px 14px' }}>
              {onWhom(comparison)} {onDecisions(comparison)}
            </p>
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
            Send a first prediction: the Endpoint tab has a request to copy. Figures appear here within a second.
          </Empty>
        </Panel>
      )}
      {candidate && <PromoteDialog evidence={candidate.evidence} contender={candidate.contender} latest={comparison} close={() => setCandidate(null)} />}
    </>
  );
}
