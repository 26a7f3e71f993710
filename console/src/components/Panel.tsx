import { Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

import css from '@/components/ui.module.css';

interface PanelProps {
  title?: ReactNode;
  note?: ReactNode;
  aside?: ReactNode;
  /** Tables reach the panel's edges. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled surface; a region of its own for screen readers. */
export function Panel({ title, note, aside, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={css.panel} aria-labelledby={title ? id : undefined}>
      {title && (
        <div className={css.panelHead}>
          <Title order={2} id={id} fz={14}>
            {title}
          </Title>
          {note && <span className="hint">{note}</span>}
          {aside && <div className={css.spacer}>{aside}</div>}
        </div>
      )}
      <div className={flush ? css.flush : css.panelBody}>{children}</div>
    </section>
  );
}
