import { Table, Tooltip } from '@mantine/core';

import { ScrollX } from '@/components/ScrollX';
import { Animated } from '@/components/Animated';
import type { Tone } from '@/components/Roles';
import { Status } from '@/components/States';
import { figure, metric } from '@/components/format';
import { IntervalPlot } from '@/features/groups/IntervalPlot';
import css from '@/features/groups/groups.module.css';
import { isDecision, told } from '@/features/groups/metrics';
import type { Comparison, MetricEstimate } from '@/rpc/types';

/** Every metric of every contender: value, interval, and both drawn on a scale of their own. */
export function MetricTable({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const { contenders, decision_metric } = comparison;
  return (
    <ScrollX label="Metrics">
      <Table miw={360 + contenders.length * 170}>
        <caption className="visually-hidden">Metrics of each contender with 95 % intervals</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Metric</Table.Th>
            {contenders.map((c, i) => (
              <Table.Th key={c.version_id}>
                <span style={{ display: 'inline-flex', gap: 6, alignItems: 'center' }}>
                  <span className={css.key} style={{ '--tone': tones[i]?.css }} />
                  {c.label} {c.role}
                </span>
              </Table.Th>
            ))}
            <Table.Th style={{ width: '34%' }}>Value and interval</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {told(comparison).map((row) => (
            <Table.Tr key={row.key} className={isDecision(row, decision_metric) ? css.decision : undefined}>
              <Table.Th scope="row" style={{ fontSize: 13, color: 'inherit' }}>
                <Tooltip label={row.about}>
                  <span className={css.metricName}>{row.name}</span>
                </Tooltip>{' '}
                {isDecision(row, decision_metric) && <Status tone="info">decides</Status>}
                {row.better && <div className="hint">{row.better} is better</div>}
              </Table.Th>
              {contenders.map((c) => (
                <Table.Td key={c.version_id}>
                  {row.key === 'fallback_rate' && c.role !== 'challenger' ? <span className="hint">–</span> : <Estimate of={c[row.key]} />}
                </Table.Td>
              ))}
              <Table.Td>
                <IntervalPlot marks={contenders.map((c, i) => ({ label: c.label, tone: tones[i] ?? { key: 'shadow', css: 'var(--ty-shadow)', dash: 'solid' }, estimate: c[row.key] }))} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

/** A value with its interval, or why there is none. */
export function Estimate({ of }: { of: MetricEstimate }) {
  if (of.value === null) return <span className="hint">{of.n === 0 ? 'no outcomes yet' : `too little to say (n ${of.n.toString()})`}</span>;
  return (
    <span className={css.estimate}>
      <Animated value={of.value} show={digits} />
      {of.interval && (
        <small>
          {digits(of.interval.low, 3)} to {digits(of.interval.high, 3)}
        </small>
      )}
    </span>
  );
}

/** Errors in the outcome's own units can be thousands; four decimals would drown them. */
const digits = (value: number, decimals = 4) => (Math.abs(value) >= 100 ? figure(value) : metric(value, decimals));
