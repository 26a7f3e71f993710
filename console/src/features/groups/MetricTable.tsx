import { Table, Tooltip } from '@mantine/core';

import { ScrollX } from '@/components/ScrollX';
import type { Tone } from '@/components/Roles';
import { Status } from '@/components/States';
import { count, figure, metric } from '@/components/format';
import { IntervalPlot } from '@/features/groups/IntervalPlot';
import css from '@/features/groups/groups.module.css';
import { isDecision, isHeld, shownOf, told } from '@/features/groups/metrics';
import type { Comparison, MetricEstimate } from '@/rpc/types';

/** Every metric of every contender: value, interval, and both drawn on a scale of their own. */
export function MetricTable({ comparison, tones }: { comparison: Comparison; tones: Tone[] }) {
  const { contenders, decision_metric, minimum } = comparison;
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
                {comparison.selection && <div className="hint">Outcomes: {c.outcomes_on}</div>}
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
                  {row.key === 'fallback_rate' && c.role !== 'challenger' ? <span className="hint">–</span> : <Estimate of={c[row.key]} minimum={minimum} />}
                </Table.Td>
              ))}
              <Table.Td>
                <IntervalPlot marks={contenders.map((c, i) => ({ label: c.label, tone: tones[i] ?? { key: 'shadow', css: 'var(--ty-shadow)', dash: 'solid' }, estimate: shownOf(c[row.key], minimum) }))} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

/** A value with its interval, or why there is none: below the minimum it is held back. */
export function Estimate({ of, minimum }: { of: MetricEstimate; minimum: number }) {
  if (of.n === 0) return <span className="hint">no outcomes yet</span>;
  if (isHeld(of, minimum)) return <span className="hint">shown from n = {count(minimum)} on (n = {count(of.n)})</span>;
  if (of.value === null) return <span className="hint">not enough data (n = {count(of.n)})</span>;
  return (
    <span className={css.estimate}>
      <span className="num">{digits(of.value)}</span>
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
