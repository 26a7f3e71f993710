import { createRoute, redirect } from '@tanstack/react-router';

import { ELSEWHERE, SETTINGS } from '@/nav';
import { lazyPage } from '@/routes/lazyPage';
import { signedIn } from '@/routes/root';
import { optional, text } from '@/routes/search';

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: ELSEWHERE.settings,
  beforeLoad: () => {
    throw redirect({ to: SETTINGS.tokens.path });
  },
});
const tokens = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.tokens.path, component: lazyPage(() => import('@/features/access/Tokens'), 'Tokens') });
const people = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.people.path, component: lazyPage(() => import('@/features/access/People'), 'People') });
const account = createRoute({ getParentRoute: () => signedIn, path: ELSEWHERE.account, component: lazyPage(() => import('@/features/access/Account'), 'Account') });
const connectors = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.connectors.path, component: lazyPage(() => import('@/features/connectors/Connectors'), 'Connectors') });
const sharing = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.sharing.path, component: lazyPage(() => import('@/features/importing/SharingSettings'), 'SharingSettings') });
const mappings = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.mappings.path, component: lazyPage(() => import('@/features/importing/Mappings'), 'Mappings') });
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: SETTINGS.audit.path,
  validateSearch: (raw: Record<string, unknown>) => optional({ subject: text(raw, 'subject'), action: text(raw, 'action') }),
  component: lazyPage(() => import('@/features/audit/Audit'), 'Audit'),
});
const system = createRoute({ getParentRoute: () => signedIn, path: SETTINGS.system.path, component: lazyPage(() => import('@/features/system/System'), 'System') });

export const settingsRoutes = [settings, tokens, connectors, sharing, mappings, people, account, audit, system] as const;
