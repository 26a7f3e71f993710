import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import { MetricFigure } from '@/components/MetricFigure';
import { ScrollX } from '@/components/ScrollX';
import { RoleBadge } from '@/components/Roles';
import { count, micros, percent, when } from '@/components/format';
import css from '@/features/groups/groups.module.css';
import { METRICS, metricName } from '@/features/groups/metrics';
import type { Comparison, Contender } from '@/rpc/types';

const SHORT = ['accuracy', 'roc_auc', 'calibration_error', 'rmse', 'mae', 'mean_error'] as const;

/** A comparison frozen at a moment: what a promotion is, or was, based on. */
export function EvidenceTable({ comparison, only }: { comparison: Comparison; only?: string[] }) {
  const shown = comparison.contenders.filter((c) => !only || only.includes(c.version_id));
  const decides = METRICS.find((m) => m.key === comparison.decision_metric);
  const rows = METRICS.filter((m) => m.key === decides?.key || (SHORT.some((key) => key === m.key) && shown.some((c) => c[m.key].value !== null)));
  const line = (name: string, cell: (c: Contender) => ReactNode) => (
    <Table.Tr key={name}>
      <Table.Th scope="row">{name}</Table.Th>
      {shown.map((c) => (
        <Table.Td key={c.version_id}>{cell(c)}</Table.Td>
      ))}
    </Table.Tr>
  );
  return (
    <ScrollX label="Evidence" className={css.evidence}>
      <Table>
        <caption style={{ captionSide: 'top', textAlign: 'left', padding: '9px 12px 0', margin: 0 }} className="hint">
          Evidence of phase {comparison.phase}, {when(comparison.at)}. {comparison.verdict}
        </caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className="visually-hidden">Figure</span>
            </Table.Th>
            {shown.map((c) => (
              <Table.Th key={c.version_id}>
                <RoleBadge role={c.role} label={c.label} />
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {line('Predictions', (c) => count(c.n))}
          {line('With outcome', (c) => (c.n > 0 ? `${count(c.n_labelled)} (${percent(c.n_labelled / c.n, 0)})` : '0'))}
          {rows.map((row) => line(`${metricName(row.key)}${row.key === decides?.key ? ' (decides)' : ''}`, (c) => <MetricFigure of={c[row.key]} minimum={comparison.minimum} unit={row.unit ?? 'plain'} />))}
          {line('Latency p99', (c) => (c.latency ? micros(c.latency.p99_us) : '–'))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
