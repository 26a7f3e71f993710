import { Table } from '@mantine/core';
import { useMemo } from 'react';

import { ScrollX } from '@/components/ScrollX';
import { Chart } from '@/components/Chart';
import { Panel } from '@/components/Panel';
import { count, percent, sentence } from '@/components/format';
import { drawingOf } from '@/features/catalog/charts/drawings';
import type { ChartOf, DocumentChart as Shown } from '@/rpc/types';

const splitOf = (chart: Shown) => ('split' in chart && chart.split ? `on the ${chart.split.replace('_', '-')} split` : undefined);

/** A chart of the model document, drawn from the stored numbers. */
export function DocumentChart({ chart }: { chart: Shown }) {
  const drawing = useMemo(() => (chart.kind === 'confusion_matrix' || chart.kind === 'image' ? null : drawingOf(chart)), [chart]);
  if (chart.kind === 'confusion_matrix') return <Confusion chart={chart} />;
  if (chart.kind === 'image') {
    return (
      <Panel title={sentence(chart.name)}>
        <p className="hint">A picture drawn by another tool, kept by reference: <code>{chart.uri}</code></p>
      </Panel>
    );
  }
  if (!drawing) return null;
  return (
    <Panel title={drawing.title} note={splitOf(chart)}>
      <Chart draw={drawing.draw} label={drawing.title} caption={drawing.caption} height={drawing.height ?? 250} />
    </Panel>
  );
}

function Confusion({ chart }: { chart: ChartOf<'confusion_matrix'> }) {
  const actualRows = chart.orientation === 'rows_are_actual';
  const most = Math.max(1, ...chart.matrix.map((row) => row.reduce((a, b) => a + b, 0)));
  return (
    <Panel title="Confusion matrix" note={splitOf(chart)}>
      <ScrollX label="Confusion matrix">
        <Table withColumnBorders={false} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{actualRows ? 'Actual \\ predicted' : 'Predicted \\ actual'}</Table.Th>
              {chart.labels.map((label) => <Table.Th key={label} className="right">{label}</Table.Th>)}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {chart.matrix.map((row, i) => {
              const total = row.reduce((a, b) => a + b, 0) || 1;
              return (
                <Table.Tr key={i}>
                  <Table.Th scope="row">{chart.labels[i]}</Table.Th>
                  {row.map((n, j) => (
                    <Table.Td key={j} className="right" style={{ background: `color-mix(in srgb, var(--ty-faint) ${((n / most) * 45).toFixed(0)}%, transparent)`, fontWeight: i === j ? 600 : 400, padding: '14px 12px' }}>
                      {count(n)} <div style={{ fontSize: 11.5, fontWeight: 400 }}>{percent(n / total)}</div>
                    </Table.Td>
                  ))}
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <p className="hint" style={{ margin: '8px 0 0' }}>
        Cases by what {actualRows ? 'happened (rows) and what was said (columns)' : 'was said (rows) and what happened (columns)'}; percentages are of the row. The diagonal is right, the rest is where the model errs.
      </p>
    </Panel>
  );
}
