import { Stack, Title } from '@mantine/core';

import { CodeBlock, Identifier } from '@/components/Copy';
import { Facts, Kpi, Kpis } from '@/components/Kpi';
import { RoleBadge } from '@/components/Roles';
import { Notice, Status } from '@/components/States';
import { figure, metric, micros, NOTHING, percent, when } from '@/components/format';
import { entriesOf, outputNumber } from '@/features/inference/outputs';
import { logistic, waterfallOf } from '@/features/inference/waterfall';
import { WaterfallTable } from '@/features/inference/WaterfallTable';
import type { Explanation, Inference } from '@/rpc/types';

const say = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The complete record of one prediction. */
export function InferenceDetail({ inference: i }: { inference: Inference }) {
  return (
    <Stack gap={20}>
      <Kpis label="Answer">
        <Kpi name="Score" value={i.score === null ? NOTHING : metric(i.score)} note={i.label ? `label ${i.label}` : 'no label'} />
        <Kpi name="Outcome" value={i.actual === null ? 'Pending' : figure(i.actual)} note={i.actual_at ? when(i.actual_at) : 'Outcome pending'} />
        <Kpi name="Latency" value={i.latency_us === null ? NOTHING : micros(i.latency_us)} note={<RoleBadge role={i.role} label={i.version} />} />
      </Kpis>
      {i.error && <Notice tone="bad">{i.error}</Notice>}
      <Decided inference={i} />
      {i.stale && <Notice tone="warn">This answer repeats an earlier one, because nothing could be logged at the time. It is marked stale.</Notice>}
      <section aria-label="Explanation">
        <Title order={2} mb={8}>Why this score</Title>
        <Explained inference={i} />
      </section>
      <section aria-label="Inputs">
        <Title order={2} mb={8}>Inputs</Title>
        <Facts of={entriesOf(i.inputs).map(([name, value]) => [name, <span key={name} className="num">{typeof value === 'number' ? figure(value) : JSON.stringify(value)}</span>])} />
      </section>
      <section aria-label="Record">
        <Title order={2} mb={8}>Record</Title>
        <Facts
          of={[
            ['Inference', <Identifier key="id" value={i.inference_id} what="inference id" keep={40} />],
            ['Requested', when(i.requested_at)],
            ['Status', <Status key="s" tone={i.status === 'ok' ? 'ok' : 'warn'}>{i.status}</Status>],
            ['Routing', `phase ${i.phase.toString()}, bucket ${i.bucket.toString()} of 10 000, propensity ${percent(i.propensity, 2)}`],
            ['Entity', i.entity_key ?? NOTHING],
            ['Correlation', i.correlation_id ?? NOTHING],
            ['Caller', i.caller],
            ...entriesOf(i.context).filter(([, v]) => v !== null).map(([k, v]): [string, string] => [`Context ${k}`, say(v)]),
            ...entriesOf(i.segments).map(([k, v]): [string, string] => [`Segment ${k}`, say(v)]),
          ]}
        />
      </section>
      <details>
        <summary className="hint" style={{ cursor: 'pointer', marginBottom: 8 }}>Full row as JSON</summary>
        <CodeBlock code={JSON.stringify(i, null, 2)} what="inference as JSON" />
      </details>
    </Stack>
  );
}

/** The recommended decision with its rule, and the final decision with its author and reason. */
function Decided({ inference: i }: { inference: Inference }) {
  if (i.decision === null && i.final_decision === null) return null;
  const details = Object.fromEntries(entriesOf(i.final_details));
  const by = ['by', 'group', 'reason'].map((name) => details[name]).filter((one): one is string => typeof one === 'string');
  return (
    <section aria-label="Decision">
      <Title order={2} mb={8}>Decision</Title>
      <Facts
        of={[
          ['Recommended', i.decision === null ? NOTHING : `${i.decision}, by the rule of ${i.decision_rule ?? NOTHING}`],
          ['Final', i.final_decision ?? 'Not told yet'],
          ...(by.length > 0 ? [['Decided by', by.join(', ')] satisfies [string, string]] : []),
        ]}
      />
    </section>
  );
}

function Explained({ inference: i }: { inference: Inference }) {
  if (!i.explanation) return <p className="hint">{i.status === 'ok' ? 'The explanation is being computed; it appears here by itself.' : 'There is no answer to explain.'}</p>;
  if (Object.keys(i.explanation.values).length === 0) return <p className="hint">Not explained: {i.explanation.reason ?? i.explanation.method}.</p>;
  const probability = outputNumber(i.output, 'probability') ?? (i.explanation.space === 'margin' ? logistic(waterfallOf(i.explanation).end) : null);
  return (
    <>
      <WaterfallTable explanation={i.explanation} inputs={i.inputs} probability={probability} />
      <Method explanation={i.explanation} at={i.explained_at} />
    </>
  );
}

function Method({ explanation: e, at }: { explanation: Explanation; at: string | null }) {
  return (
    <p className="hint">
      {e.exact ? 'Exact' : `An estimate${e.error === null ? '' : `, standard error ${figure(e.error)}`}`}, method <code>{e.method}</code>; the parts sum to the output to within {e.residual === 0 ? '0' : e.residual.toExponential(1)}
      {at && `; explained ${when(at)}`}.
    </p>
  );
}
