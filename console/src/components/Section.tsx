import { Title } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import css from '@/components/ui.module.css';

/** A part of a page that can be folded away. */
export function Section({ title, note, open = false, children }: { title: string; note?: string; open?: boolean; children: ReactNode }) {
  return (
    <details className={css.section} open={open}>
      <summary>
        <IconChevronRight size={15} aria-hidden="true" />
        <Title order={2}>{title}</Title>
        {note && <span className="hint">{note}</span>}
      </summary>
      <div className={css.sectionBody}>{children}</div>
    </details>
  );
}
