import { Tooltip } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';

import { RoleBadge } from '@/components/Roles';
import { Loading, Status, type Severity } from '@/components/States';
import { figure, metric, micros, NOTHING, when } from '@/components/format';
import css from '@/features/inference/inference.module.css';
import type { InferenceSummary } from '@/rpc/types';

const ROW = 38;
const TONES: Record<string, Severity> = { ok: 'ok', fallback: 'warn', refused: 'warn', failed: 'bad' };

interface ListProps {
  rows: InferenceSummary[];
  opened: string | null;
  open: (id: string) => void;
  /** Fetches the next page; null when there is none or it is on its way. */
  more: (() => void) | null;
  loading: boolean;
}

/** The log's rows, drawn only where they are in view, so that 100 000 scroll as smoothly as ten. */
export function InferenceList({ rows, opened, open, more, loading }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions change by design; nothing here is memoised on them
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 14, scrollMargin: 34 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - 30) more();
  }, [last, rows.length, more]);
  return (
    <div ref={box} className={css.scroller}>
      <div className={css.table} role="table" aria-label="Inferences" aria-rowcount={rows.length + 1}>
        <div className={`${css.row ?? ''} ${css.head ?? ''}`} role="row">
          <span role="columnheader">Requested</span>
          <span role="columnheader">Version</span>
          <span role="columnheader">Entity</span>
          <span role="columnheader" className={css.num}>Score</span>
          <span role="columnheader">Decision</span>
          <span role="columnheader" className={css.num}>Outcome</span>
          <span role="columnheader" className={css.num}>Latency</span>
          <span role="columnheader">Status</span>
          <span role="columnheader">
            <span className="visually-hidden">Explained</span>
          </span>
        </div>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="rowgroup">
          {items.map((item) => {
            const row = rows[item.index];
            return row && <Row key={row.inference_id} row={row} index={item.index} top={item.start - 34} selected={row.inference_id === opened} open={open} />;
          })}
        </div>
      </div>
      {loading && <Loading rows={1} height={24} />}
    </div>
  );
}

interface RowProps {
  row: InferenceSummary;
  index: number;
  top: number;
  selected: boolean;
  open: (id: string) => void;
}

function Row({ row, index, top, selected, open }: RowProps) {
  return (
    // The button in the first cell is the keyboard's way in; a click anywhere on the row is the mouse's.
    <div
      className={`${css.row ?? ''} ${css.item ?? ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      style={{ position: 'absolute', top, left: 0 }}
      onClick={() => open(row.inference_id)}
    >
      <span role="cell">
        <button type="button" className={css.open}>
          <time dateTime={row.requested_at}>{when(row.requested_at)}</time>
          <span className="visually-hidden">, open inference {row.inference_id}</span>
        </button>
      </span>
      <span role="cell">
        <RoleBadge role={row.role} label={row.version} />
      </span>
      <span role="cell" title={row.entity_key ?? undefined}>{row.entity_key ?? NOTHING}</span>
      <span role="cell" className={css.num}>{row.score === null ? NOTHING : metric(row.score)}</span>
      <span role="cell" title={row.label === null ? undefined : `label ${row.label}`}>
        {row.decision === null ? (row.label ?? NOTHING) : row.final_decision === null || row.final_decision === row.decision ? row.decision : `${row.decision} → ${row.final_decision}`}
      </span>
      <span role="cell" className={css.num}>{row.actual === null ? <span className="hint">pending</span> : figure(row.actual)}</span>
      <span role="cell" className={css.num}>{row.latency_us === null ? NOTHING : micros(row.latency_us)}</span>
      <span role="cell">
        <Status tone={TONES[row.status] ?? 'info'}>{row.status}</Status>
      </span>
      <span role="cell">
        {row.explained && (
          <Tooltip label="Explained">
            <IconChartBar size={14} color="var(--ty-faint)" aria-label="explained" />
          </Tooltip>
        )}
      </span>
    </div>
  );
}
