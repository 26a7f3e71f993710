import { Table } from '@mantine/core';
import { useCallback } from 'react';

import { Chart, type Draw } from '@/components/Chart';
import { grid, xValue, yValue } from '@/components/axes';
import { count, percent } from '@/components/format';
import { ScrollX } from '@/components/ScrollX';
import type { Band, RuleTrial } from '@/features/decisions/types';

/** What a rule would have decided on logged rows: counts before and after, and where its bounds lie among the scores. */
export function TrialResult({ trial, bands }: { trial: RuleTrial; bands: readonly Band[] }) {
  return (
    <section aria-label="Trial">
      <p style={{ marginTop: 0 }}>
        {trial.rows === 0 ? (
          <>The log has no rows of {trial.version} to try it on.</>
        ) : (
          <>
            On the latest {count(trial.rows)} rows of {trial.version}, <strong>{count(trial.moved)} decisions move ({percent(trial.share_moved, 2)})</strong>. Kept, it becomes a {trial.change} version.
          </>
        )}
      </p>
      <ScrollX label="Decisions before and after">
        <Table miw={360}>
          <caption className="visually-hidden">Decisions before and after</caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Decision</Table.Th>
              <Table.Th ta="right">As logged</Table.Th>
              <Table.Th ta="right">By the new rule</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {trial.counts.map((one) => (
              <Table.Tr key={one.decision}>
                <Table.Th scope="row">{one.decision}</Table.Th>
                <Table.Td ta="right" className="num">{count(one.before)} {shareOf(one.before, trial.rows)}</Table.Td>
                <Table.Td ta="right" className="num">{count(one.after)} {shareOf(one.after, trial.rows)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {trial.scores.length > 0 && <ScoreHistogram trial={trial} bands={bands} />}
    </section>
  );
}

const shareOf = (n: number, rows: number) => (rows > 0 ? <span className="hint">{percent(n / rows)}</span> : null);

function ScoreHistogram({ trial, bands }: { trial: RuleTrial; bands: readonly Band[] }) {
  const draw = useCallback<Draw>(
    (c) => ({
      grid: grid({ top: 22 }),
      tooltip: { trigger: 'axis' },
      xAxis: xValue(c, { name: 'Score', min: trial.scores[0]?.low ?? 0, max: trial.scores.at(-1)?.high ?? 1 }),
      yAxis: yValue(c, { name: 'Rows' }),
      series: [
        {
          id: 'scores',
          name: 'Rows',
          type: 'line',
          step: 'end',
          symbol: 'none',
          color: c.muted,
          areaStyle: { opacity: 0.12 },
          data: trial.scores.map((bin) => [bin.low, bin.rows]),
          markLine: {
            symbol: 'none',
            silent: true,
            lineStyle: { color: c.text, type: 'dashed', width: 1, opacity: 0.6 },
            label: { color: c.text, fontSize: 11, position: 'insideEndTop' },
            data: bands.flatMap((band) => (band.below === null ? [] : [{ xAxis: band.below, label: { formatter: `${band.decision} below ${band.below.toString()}` } }])),
          },
        },
      ],
    }),
    [trial, bands],
  );
  return <Chart draw={draw} height={220} label="Logged scores and the bounds of the new rule" caption="Scores of the logged rows. Each dashed line is the upper bound of a band." />;
}
