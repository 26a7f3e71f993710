import { Table } from '@mantine/core';

import { ScrollX } from '@/components/ScrollX';
import { Status } from '@/components/States';
import { figure, NOTHING, percent } from '@/components/format';
import type { Feature } from '@/rpc/types';

const number = (value: number | null | undefined) => (value === null || value === undefined ? NOTHING : figure(value));

/** The inputs in the artifact's own order, with what the training data says of each. */
export function FeatureTable({ features }: { features: Feature[] }) {
  if (features.length === 0) return <p className="hint">The document names no features. Requests are checked against the artifact’s own list.</p>;
  const most = Math.max(...features.map((f) => Math.abs(f.importance[0]?.value ?? 0)));
  return (
    <ScrollX label="Features">
      <Table miw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Feature</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Importance</Table.Th>
            <Table.Th className="right">Median</Table.Th>
            <Table.Th className="right">Min</Table.Th>
            <Table.Th className="right">Max</Table.Th>
            <Table.Th className="right">Missing</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {features.map((f) => (
            <Table.Tr key={f.name}>
              <Table.Th scope="row" style={{ color: 'inherit', fontSize: 13 }}>
                {f.name} {f.sensitive && <Status tone="warn">sensitive</Status>}
                {f.description && <div className="hint" style={{ whiteSpace: 'normal', maxWidth: '44ch' }}>{f.description}</div>}
              </Table.Th>
              <Table.Td>{f.type}{f.unit && `, ${f.unit}`}{f.required === false && <span className="hint"> optional</span>}</Table.Td>
              <Table.Td>{f.role}</Table.Td>
              <Table.Td><Weight value={f.importance[0]?.value ?? null} most={most} /></Table.Td>
              <Table.Td className="right">{number(f.stats?.median ?? f.stats?.mean)}</Table.Td>
              <Table.Td className="right">{number(f.stats?.min)}</Table.Td>
              <Table.Td className="right">{number(f.stats?.max)}</Table.Td>
              <Table.Td className="right">{f.stats?.missing_rate == null ? NOTHING : percent(f.stats.missing_rate)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

function Weight({ value, most }: { value: number | null; most: number }) {
  if (value === null) return <span className="hint">{NOTHING}</span>;
  return (
    <span style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
      <span style={{ width: 72, height: 5, background: 'var(--ty-sunken)', borderRadius: 3 }} aria-hidden="true">
        <span style={{ display: 'block', height: '100%', width: `${((100 * Math.abs(value)) / (most || 1)).toFixed(1)}%`, background: 'var(--ty-muted)', borderRadius: 3 }} />
      </span>
      {figure(value)}
    </span>
  );
}
