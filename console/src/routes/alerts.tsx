import { createRoute } from '@tanstack/react-router';

import { ALERTS } from '@/nav';
import { lazyPage } from '@/routes/lazyPage';
import { signedIn } from '@/routes/root';
import { optional, text } from '@/routes/search';

const alerts = createRoute({
  getParentRoute: () => signedIn,
  path: ALERTS.path,
  validateSearch: (raw: Record<string, unknown>) => optional({ state: text(raw, 'state'), severity: text(raw, 'severity'), subject: text(raw, 'subject') }),
  component: lazyPage(() => import('@/features/alerts/Alerts'), 'Alerts'),
});

export const alertRoutes = [alerts] as const;
