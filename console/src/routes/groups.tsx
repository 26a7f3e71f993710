import { createRoute } from '@tanstack/react-router';

import { ELSEWHERE, GROUP, GROUP_TABS, GROUPS } from '@/nav';
import { lazyPage } from '@/routes/lazyPage';
import { signedIn } from '@/routes/root';
import { flag, inferenceSearch, number, optional } from '@/routes/search';

const list = createRoute({ getParentRoute: () => signedIn, path: GROUPS.path, component: lazyPage(() => import('@/features/groups/GroupList'), 'GroupList') });
const create = createRoute({ getParentRoute: () => signedIn, path: ELSEWHERE.newGroup, component: lazyPage(() => import('@/features/groups/NewGroup'), 'NewGroup') });
const group = createRoute({ getParentRoute: () => signedIn, path: GROUP, component: lazyPage(() => import('@/features/groups/GroupFrame'), 'GroupFrame') });

const compare = createRoute({
  getParentRoute: () => group,
  path: GROUP_TABS.comparison.path,
  validateSearch: (raw: Record<string, unknown>) => optional({ phase: number(raw, 'phase'), pooled: flag(raw, 'pooled') }),
  component: lazyPage(() => import('@/features/groups/Compare'), 'Compare'),
});
const decisions = createRoute({ getParentRoute: () => group, path: GROUP_TABS.decisions.path, component: lazyPage(() => import('@/features/decisions/Decisions'), 'Decisions') });
const cutoffs = createRoute({ getParentRoute: () => group, path: GROUP_TABS.cutoffs.path, component: lazyPage(() => import('@/features/decisions/Cutoffs'), 'Cutoffs') });
const traffic = createRoute({ getParentRoute: () => group, path: GROUP_TABS.traffic.path, component: lazyPage(() => import('@/features/inference/Traffic'), 'Traffic') });
const inferences = createRoute({
  getParentRoute: () => group,
  path: GROUP_TABS.inferences.path,
  validateSearch: inferenceSearch,
  component: lazyPage(() => import('@/features/groups/GroupInferences'), 'GroupInferences'),
});
const split = createRoute({ getParentRoute: () => group, path: GROUP_TABS.split.path, component: lazyPage(() => import('@/features/groups/Split'), 'Split') });
const control = createRoute({ getParentRoute: () => group, path: GROUP_TABS.control.path, component: lazyPage(() => import('@/features/groups/Control'), 'Control') });
const log = createRoute({ getParentRoute: () => group, path: GROUP_TABS.log.path, component: lazyPage(() => import('@/features/groups/LogPage'), 'LogPage') });
const history = createRoute({ getParentRoute: () => group, path: GROUP_TABS.history.path, component: lazyPage(() => import('@/features/groups/History'), 'History') });
const endpoint = createRoute({ getParentRoute: () => group, path: GROUP_TABS.endpoint.path, component: lazyPage(() => import('@/features/groups/Endpoint'), 'Endpoint') });
const remove = createRoute({ getParentRoute: () => group, path: GROUP_TABS.delete.path, component: lazyPage(() => import('@/features/groups/Delete'), 'Delete') });

export const groupRoutes = [list, create, group.addChildren([compare, decisions, cutoffs, traffic, inferences, split, control, log, history, endpoint, remove])] as const;
