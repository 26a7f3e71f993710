import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { signedIn } from '@/routes/root';
import { flag, inferenceSearch, number, optional } from '@/routes/search';

const list = createRoute({ getParentRoute: () => signedIn, path: '/groups', component: lazyRouteComponent(() => import('@/features/groups/GroupList'), 'GroupList') });
const create = createRoute({ getParentRoute: () => signedIn, path: '/groups/new', component: lazyRouteComponent(() => import('@/features/groups/NewGroup'), 'NewGroup') });
const group = createRoute({ getParentRoute: () => signedIn, path: '/groups/$slug', component: lazyRouteComponent(() => import('@/features/groups/GroupFrame'), 'GroupFrame') });

const compare = createRoute({
  getParentRoute: () => group,
  path: '/',
  validateSearch: (raw: Record<string, unknown>) => optional({ phase: number(raw, 'phase'), pooled: flag(raw, 'pooled') }),
  component: lazyRouteComponent(() => import('@/features/groups/Compare'), 'Compare'),
});
const traffic = createRoute({ getParentRoute: () => group, path: '/traffic', component: lazyRouteComponent(() => import('@/features/inference/Traffic'), 'Traffic') });
const inferences = createRoute({
  getParentRoute: () => group,
  path: '/inferences',
  validateSearch: inferenceSearch,
  component: lazyRouteComponent(() => import('@/features/groups/GroupInferences'), 'GroupInferences'),
});
const split = createRoute({ getParentRoute: () => group, path: '/split', component: lazyRouteComponent(() => import('@/features/groups/Split'), 'Split') });
const control = createRoute({ getParentRoute: () => group, path: '/control', component: lazyRouteComponent(() => import('@/features/groups/Control'), 'Control') });
const log = createRoute({ getParentRoute: () => group, path: '/log', component: lazyRouteComponent(() => import('@/features/groups/LogPage'), 'LogPage') });
const history = createRoute({ getParentRoute: () => group, path: '/history', component: lazyRouteComponent(() => import('@/features/groups/History'), 'History') });
const endpoint = createRoute({ getParentRoute: () => group, path: '/endpoint', component: lazyRouteComponent(() => import('@/features/groups/Endpoint'), 'Endpoint') });
const remove = createRoute({ getParentRoute: () => group, path: '/delete', component: lazyRouteComponent(() => import('@/features/groups/Delete'), 'Delete') });

export const groupRoutes = [list, create, group.addChildren([compare, traffic, inferences, split, control, log, history, endpoint, remove])] as const;
