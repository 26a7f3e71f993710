import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { signedIn } from '@/routes/root';
import { optional, text } from '@/routes/search';

const alerts = createRoute({
  getParentRoute: () => signedIn,
  path: '/alerts',
  validateSearch: (raw: Record<string, unknown>) => optional({ state: text(raw, 'state'), severity: text(raw, 'severity'), subject: text(raw, 'subject') }),
  component: lazyRouteComponent(() => import('@/features/alerts/Alerts'), 'Alerts'),
});

export const alertRoutes = [alerts] as const;
