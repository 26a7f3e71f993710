import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import { Chart, type Draw } from '@/components/Chart';
import { Kpi, Kpis } from '@/components/Kpi';
import { Panel } from '@/components/Panel';
import { tonesOf } from '@/components/Roles';
import { Answer, Loading } from '@/components/States';
import { Live } from '@/components/Time';
import { category, grid, legend, yValue } from '@/components/axes';
import { count, minuteOf, percent } from '@/components/format';
import { StarvedNotice } from '@/features/groups/StarvedNotice';
import { trpc } from '@/rpc/client';
import type { GroupTraffic, Member } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/traffic');

/** What the endpoint is doing, live. */
export function Traffic() {
  const { slug } = route.useParams();
  const traffic = useQuery(trpc.inference.traffic.queryOptions({ slug }, { refetchInterval: 2_000 }));
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return (
    <Answer of={traffic} skeleton={<Loading rows={3} height={110} />}>
      {(data) => (
        <>
          <Kpis label="Traffic">
            <Kpi name="Predictions" value={<span className="num">{count(data.total)}</span>} note="since the group was created" />
            <Kpi name="Last minute" value={<span className="num">{count(lastWhole(data))}</span>} note="predictions in the last whole minute" />
            <Kpi name="Outcomes in" value={<span className="num">{count(data.labelled)}</span>} note={data.total > 0 ? `${percent(data.labelled / data.total)} of predictions` : 'no predictions yet'} />
            <Kpi name="Invalid requests" value={<span className="num">{count(data.refused - halted(data))}</span>} note="malformed, incomplete or not permitted" />
            <Kpi name="Rejected by a halt" value={<span className="num">{count(halted(data))}</span>} note="received while the group or its champion was halted" />
            <Kpi name="Being explained" value={<span className="num">{count(data.waiting_explanation)}</span>} note="logged, explanation follows" />
          </Kpis>
          <div style={{ height: 14 }} />
          <StarvedNotice slug={slug} />
          <Panel title="Predictions a minute" note="last 60 minutes" aside={<Live updatedAt={traffic.dataUpdatedAt} failing={traffic.isError || traffic.failureCount > 0} />}>
            <Minutes minutes={data.minutes} labels={data.labels} members={group.data?.phase.members ?? []} />
          </Panel>
          <Shadows of={data.shadows} />
        </>
      )}
    </Answer>
  );
}

/** Requests that a halt rejected; the rest of the refused ones had something wrong with them. */
const halted = (data: GroupTraffic) => data.refused_by_reason.GROUP_HALTED ?? 0;
const sumOf = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
const lastWhole = (data: GroupTraffic) => sumOf(data.minutes.at(-2)?.counts ?? data.minutes.at(-1)?.counts ?? {});

/** Copies that shadows scored after the answer, or failed to score. Empty if the group never had a shadow. */
function Shadows({ of }: { of: GroupTraffic['shadows'] }) {
  if (Object.values(of).every((n) => n === 0)) return null;
  return (
    <div style={{ marginTop: 14 }}>
      <Kpis label="Shadows">
        <Kpi name="Copies scored" value={count(of.scored)} note="by shadows, after the answer" />
        <Kpi name="Failed" value={count(of.failed)} note="logged in the shadow’s own row" />
        <Kpi name="Incomplete" value={count(of.incomplete)} note="an input of the shadow was missing" />
        <Kpi name="Dropped" value={count(of.dropped)} note="the queue was full" />
      </Kpis>
    </div>
  );
}

function Minutes({ minutes, labels, members }: { minutes: GroupTraffic['minutes']; labels: GroupTraffic['labels']; members: Member[] }) {
  const versions = useMemo(() => {
    const seen = new Set(minutes.flatMap((m) => Object.keys(m.counts)));
    const earlier = [...seen].filter((id) => !members.some((m) => m.version_id === id)).sort();
    return [...members.map((m) => ({ id: m.version_id, name: `${m.label} ${m.role}` })), ...earlier.map((id) => ({ id, name: `${labels[id] ?? 'a version'} earlier` }))];
  }, [minutes, labels, members]);
  const draw = useCallback<Draw>(
    (c) => {
      const tones = tonesOf(members);
      return {
        legend: legend(c),
        grid: grid(),
        tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
        xAxis: category(c, 'Minute', minutes.map((m) => minuteOf(m.at))),
        yAxis: { ...yValue(c, { name: 'Predictions', show: count }), minInterval: 1 },
        series: versions.map(({ id, name }, i) => {
          const tone = tones[i];
          return {
            id,
            name,
            type: 'bar',
            stack: 'all',
            barCategoryGap: '18%',
            color: tone ? c[tone.key] : c.lineStrong,
            data: minutes.map((m) => m.counts[id] ?? 0),
          };
        }),
      };
    },
    [minutes, members, versions],
  );
  return (
    <Chart
      draw={draw}
      height={280}
      label="Predictions by minute and version, last 60 minutes"
      caption="Each bar is one minute, stacked by the version that answered. The colours should follow the split; the newest bar is still filling."
    />
  );
}
