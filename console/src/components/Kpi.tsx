import type { ReactNode } from 'react';

import css from '@/components/ui.module.css';

/** A strip of figures on one baseline. */
export function Kpis({ children, label }: { children: ReactNode; label: string }) {
  return (
    <dl className={css.kpis} aria-label={label} style={{ margin: 0 }}>
      {children}
    </dl>
  );
}

export function Kpi({ name, value, note }: { name: ReactNode; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={css.kpi}>
      <dt className="eyebrow">{name}</dt>
      <dd style={{ margin: 0 }}>
        <div className={css.kpiValue}>{value}</div>
        {note && <div className={css.kpiNote}>{note}</div>}
      </dd>
    </div>
  );
}

export function Facts({ of }: { of: [ReactNode, ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {of.map(([name, value], i) => (
        <div key={i} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
