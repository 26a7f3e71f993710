import { Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import css from '@/components/ui.module.css';

interface PageHeadProps {
  title: string;
  badges?: ReactNode;
  lede?: ReactNode;
  crumbs?: ReactNode[];
  actions?: ReactNode;
}

/** A page's one first-level heading, with where it is and what can be done. */
export function PageHead({ title, badges, lede, crumbs, actions }: PageHeadProps) {
  useDocumentTitle(`${title} · Tiltyard`);
  return (
    <header className={css.pageHead}>
      <div className={css.pageTitle}>
        {crumbs && (
          <nav aria-label="Breadcrumb">
            <ol className={css.crumbs}>
              {crumbs.map((crumb, index) => (
                <li key={index}>
                  {crumb} <span aria-hidden="true">/</span>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className={css.actions}>
          <Title order={1} style={{ overflowWrap: 'anywhere' }}>
            {title}
          </Title>
          {badges}
        </div>
        {lede && <div className={css.lede}>{lede}</div>}
      </div>
      {actions && <div className={css.actions}>{actions}</div>}
    </header>
  );
}
