import { Group as Row, Table } from '@mantine/core';

import { ScrollX } from '@/components/ScrollX';
import { Status } from '@/components/States';
import { count, figure, NOTHING, percent } from '@/components/format';
import { TryCutoff } from '@/features/decisions/TryCutoff';
import type { CutoffCurve, CutoffPoint, Estimate } from '@/features/decisions/types';

/** The figures of the chosen cut-off beside those of the decisions as logged, and the step to try it. */
export function CutoffFigures({ curve, point, slug }: { curve: CutoffCurve; point: CutoffPoint; slug: string }) {
  const { current } = curve;
  const unit = curve.currency ?? '';
  const rows: [string, Estimate, Estimate | undefined, 'share' | 'money'][] = [
    ['Approval rate, on all mature applications', point.approval_rate, current?.approval_rate, 'share'],
    ['Bad rate, on approved ones with a known outcome', point.bad_rate, current?.bad_rate, 'share'],
    ...(curve.currency ? ([[`Value per application, ${unit}`, point.value, current?.value, 'money']] as [string, Estimate, Estimate | undefined, 'money'][]) : []),
  ];
  return (
    <div>
      <Row gap={10} mb={8}>
        <strong>Cut-off {figure(point.cut)}</strong>
        {point.within ? <Status tone="ok">within the limits</Status> : <Status tone="warn">outside the limits</Status>}
      </Row>
      <ScrollX label="Figures of the chosen cut-off">
        <Table miw={520}>
          <caption className="visually-hidden">Figures of the chosen cut-off and of the decisions as logged</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Figure</Table.Th>
              <Table.Th ta="right">As decided</Table.Th>
              <Table.Th ta="right">With this cut-off</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([name, then, now, kind]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">{name}</Table.Th>
                <Table.Td ta="right" className="num">{now ? <Shown of={now} kind={kind} /> : NOTHING}</Table.Td>
                <Table.Td ta="right" className="num">
                  {kind === 'money' && then.value === null && point.value_least !== null && point.value_most !== null ? (
                    <Between least={point.value_least} most={point.value_most} />
                  ) : (
                    <Shown of={then} kind={kind} />
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <p className="hint">
        {point.gain.value === null ? (
          <Unknown curve={curve} point={point} />
        ) : (
          <>
            Expected change: {signedFigure(point.gain.value)} {unit} per application{point.gain.interval && `, 95 % interval ${signedFigure(point.gain.interval.low)} to ${signedFigure(point.gain.interval.high)}`}, on the same {count(point.gain.n)} applications.
          </>
        )}
        {point.unknown > 0 && point.bad_rate_most !== null && ` No known outcome stands for ${percent(point.unknown)} of the approved. With theirs, the bad rate is from ${percent(point.bad_rate_least ?? 0)} to ${percent(point.bad_rate_most)}.`}
      </p>
      <TryCutoff slug={slug} version={curve.version} cut={point.cut} />
    </div>
  );
}

/** What is known of a change of value without a single figure for it. */
function Unknown({ curve, point }: { curve: CutoffCurve; point: CutoffPoint }) {
  const now = curve.current?.value.value ?? null;
  if (now === null || point.value_least === null || point.value_most === null) return 'What the change would be worth is not known: the group has no value table for it, or no outcomes of what would be approved.';
  return `Expected change: from ${signedFigure(point.value_least - now)} to ${signedFigure(point.value_most - now)} ${curve.currency ?? ''} per application. Outcomes of applications that were declined are unknown, so it is a range and no figure.`;
}

/** A range instead of a figure. */
export function Between({ least, most }: { least: number; most: number }) {
  return (
    <>
      {figure(least)} to {figure(most)} <span className="hint">not known closer</span>
    </>
  );
}

export const signedFigure = (value: number) => `${value < 0 ? '−' : '+'}${figure(Math.abs(value))}`;

export function Shown({ of, kind }: { of: Estimate; kind: 'share' | 'money' }) {
  if (of.value === null) return <span className="hint">not known</span>;
  const show = (value: number) => (kind === 'share' ? percent(value) : figure(value));
  return (
    <>
      {show(of.value)} {of.interval && <span className="hint">{show(of.interval.low)} to {show(of.interval.high)}</span>}
    </>
  );
}
