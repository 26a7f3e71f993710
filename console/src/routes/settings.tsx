import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';

import { signedIn } from '@/routes/root';
import { optional, text } from '@/routes/search';

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/tokens' });
  },
});
const tokens = createRoute({ getParentRoute: () => signedIn, path: '/settings/tokens', component: lazyRouteComponent(() => import('@/features/access/Tokens'), 'Tokens') });
const people = createRoute({ getParentRoute: () => signedIn, path: '/settings/people', component: lazyRouteComponent(() => import('@/features/access/People'), 'People') });
const account = createRoute({ getParentRoute: () => signedIn, path: '/settings/account', component: lazyRouteComponent(() => import('@/features/access/Account'), 'Account') });
const connectors = createRoute({ getParentRoute: () => signedIn, path: '/settings/connectors', component: lazyRouteComponent(() => import('@/features/connectors/Connectors'), 'Connectors') });
const mappings = createRoute({ getParentRoute: () => signedIn, path: '/settings/mappings', component: lazyRouteComponent(() => import('@/features/importing/Mappings'), 'Mappings') });
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings/audit',
  validateSearch: (raw: Record<string, unknown>) => optional({ subject: text(raw, 'subject'), action: text(raw, 'action') }),
  component: lazyRouteComponent(() => import('@/features/audit/Audit'), 'Audit'),
});
const system = createRoute({ getParentRoute: () => signedIn, path: '/settings/system', component: lazyRouteComponent(() => import('@/features/system/System'), 'System') });

export const settingsRoutes = [settings, tokens, connectors, mappings, people, account, audit, system] as const;
