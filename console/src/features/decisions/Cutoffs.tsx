import { Group as Row, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { Panel } from '@/components/Panel';
import { Answer, Notice } from '@/components/States';
import { count } from '@/components/format';
import { CutoffChart } from '@/features/decisions/CutoffChart';
import { CutoffFigures } from '@/features/decisions/CutoffFigures';
import { CutoffTrials } from '@/features/decisions/CutoffTrials';
import { SwapPanel } from '@/features/decisions/SwapPanel';
import type { CutoffCurve, GroupDecisions } from '@/features/decisions/types';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/groups/$slug/cutoffs');

interface Limits {
  approval_rate: number | null;
  bad_rate: number | null;
  ratio: number | null;
}

const FIELDS = [
  { key: 'approval_rate', label: 'Approval rate at least, %' },
  { key: 'bad_rate', label: 'Bad rate at most, %' },
  { key: 'ratio', label: 'Four-fifths ratio at least, %' },
] as const;

/** What other cut-offs would have given, what a shadow would decide otherwise, and the cut-offs tried so far. */
export function Cutoffs() {
  const { slug } = route.useParams();
  const found = useQuery(trpc.decisions.get.queryOptions({ slug }));
  return (
    <Answer of={found}>
      {(decisions) => (
        <Stack gap={16}>
          <Explorer decisions={decisions} />
          <SwapPanel slug={slug} />
          <CutoffTrials slug={slug} />
        </Stack>
      )}
    </Answer>
  );
}

function Explorer({ decisions }: { decisions: GroupDecisions }) {
  const [version, setVersion] = useState(decisions.rules.find((one) => one.role === 'champion')?.version ?? null);
  const [segment, setSegment] = useState('');
  const [limits, setLimits] = useState<Limits>({ approval_rate: null, bad_rate: null, ratio: null });
  const asked = { slug: decisions.slug, version, segment: segment || null, limits };
  const curve = useQuery({ ...trpc.decisions.explore.queryOptions(asked, { retry: false }), placeholderData: keepPreviousData });
  return (
    <Panel title="Cut-off explorer" note={curve.data ? `on the latest ${count(curve.data.rows)} mature applications that ${curve.data.version} scored` : undefined}>
      <Row gap={12} align="flex-end" mb={16}>
        <Select size="xs" w={150} label="Version" data={decisions.rules.map((one) => ({ value: one.version, label: `${one.version} ${one.role}` }))} value={version} allowDeselect={false} onChange={setVersion} />
        {FIELDS.map(({ key, label }) => (
          <NumberInput
            key={key}
            size="xs"
            w={190}
            label={label}
            min={0}
            max={100}
            placeholder="any"
            value={limits[key] === null ? '' : Number((100 * limits[key]).toFixed(4))}
            onChange={(value) => setLimits({ ...limits, [key]: typeof value === 'number' ? value / 100 : null })}
          />
        ))}
        <TextInput size="xs" w={190} label="Segment, for the ratio" placeholder="an input, as education" value={segment} onChange={(event) => setSegment(event.currentTarget.value)} />
      </Row>
      <Answer of={curve}>{(data) => <Explored key={`${data.version} ${data.best?.cut.toString() ?? ''}`} curve={data} slug={decisions.slug} />}</Answer>
    </Panel>
  );
}

function Explored({ curve, slug }: { curve: CutoffCurve; slug: string }) {
  const best = curve.best ? curve.points.findIndex((point) => point.cut === curve.best?.cut) : -1;
  const [at, setAt] = useState(best >= 0 ? best : Math.floor(curve.points.length / 2));
  const point = curve.points[at];
  if (!point) return <p className="hint" style={{ margin: 0 }}>{curve.words}</p>;
  return (
    <Stack gap={16}>
      {curve.words && <Notice tone="info">{curve.words}</Notice>}
      <CutoffChart curve={curve} at={at} choose={setAt} />
      <CutoffFigures curve={curve} point={point} slug={slug} />
    </Stack>
  );
}
