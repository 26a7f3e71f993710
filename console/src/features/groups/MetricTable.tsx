import { Table, Tooltip } from '@mantine/core';

import { MetricFigure } from '@/components/MetricFigure';
import { ScrollX } from '@/components/ScrollX';
import type { Tone } from '@/components/Roles';
import { Status } from '@/components/States';
import { count } from '@/components/format';
import { IntervalPlot } from '@/features/groups/IntervalPlot';
import css from '@/features/groups/groups.module.css';
import { isDecision, shownOf, told } from '@/features/groups/metrics';
import type { Comparison } from '@/rpc/types';

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
                <div className="hint num" style={{ fontWeight: 400 }}>n = {count(c.n_compared_labelled)}</div>
                {comparison.selection && <div className="hint" style={{ fontWeight: 400 }}>Outcomes: {c.outcomes_on}</div>}
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
                  <span className={css.metricName}>
                    {row.name}
                    {row.key === 'value' && comparison.currency && `, ${comparison.currency}`}
                  </span>
                </Tooltip>{' '}
                {isDecision(row, decision_metric) && <Status tone="info">decides</Status>}
                {row.better && <div className="hint" style={{ fontWeight: 400 }}>{row.better} is better</div>}
              </Table.Th>
              {contenders.map((c) => (
                <Table.Td key={c.version_id}>
                  {row.key === 'fallback_rate' && c.role !== 'challenger' ? <span className="hint">–</span> : <MetricFigure of={c[row.key]} minimum={minimum} unit={row.unit ?? 'plain'} />}
                </Table.Td>
              ))}
              <Table.Td>
                <IntervalPlot unit={row.unit ?? 'plain'} marks={contenders.map((c, i) => ({ label: c.label, tone: tones[i] ?? { key: 'shadow', css: 'var(--ty-shadow)', dash: 'solid' }, estimate: shownOf(c[row.key], minimum) }))} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
