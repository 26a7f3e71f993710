import { Link } from '@tanstack/react-router';

import css from '@/components/ui.module.css';
import type { GROUP_TABS, MODEL_TABS } from '@/nav';

type Tab = (typeof GROUP_TABS)[keyof typeof GROUP_TABS] | (typeof MODEL_TABS)[keyof typeof MODEL_TABS];

/** The tabs of a model or a group; filters in the address leave a tab the chosen one. */
export function Tabs({ label, slug, tabs }: { label: string; slug: string; tabs: readonly Tab[] }) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.to} to={tab.to} params={{ slug }} activeOptions={{ exact: tab.path === '/', includeSearch: false }}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
