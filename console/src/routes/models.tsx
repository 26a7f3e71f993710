import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { signedIn } from '@/routes/root';
import { inferenceSearch, optional, text } from '@/routes/search';

const hub = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  validateSearch: (raw: Record<string, unknown>) => optional({ search: text(raw, 'search') }),
  component: lazyRouteComponent(() => import('@/features/catalog/Hub'), 'Hub'),
});

const create = createRoute({ getParentRoute: () => signedIn, path: '/models/new', component: lazyRouteComponent(() => import('@/features/catalog/NewModel'), 'NewModel') });

const model = createRoute({ getParentRoute: () => signedIn, path: '/models/$slug', component: lazyRouteComponent(() => import('@/features/catalog/ModelFrame'), 'ModelFrame') });

const ofVersion = (raw: Record<string, unknown>) => optional({ v: text(raw, 'v') });

const overview = createRoute({
  getParentRoute: () => model,
  path: '/',
  validateSearch: ofVersion,
  component: lazyRouteComponent(() => import('@/features/catalog/Overview'), 'Overview'),
});

const versions = createRoute({ getParentRoute: () => model, path: '/versions', component: lazyRouteComponent(() => import('@/features/catalog/Versions'), 'Versions') });

const newVersion = createRoute({ getParentRoute: () => model, path: '/versions/new', component: lazyRouteComponent(() => import('@/features/catalog/NewVersion'), 'NewVersion') });

const inferences = createRoute({
  getParentRoute: () => model,
  path: '/inferences',
  validateSearch: (raw: Record<string, unknown>) => optional({ group: text(raw, 'group'), ...inferenceSearch(raw) }),
  component: lazyRouteComponent(() => import('@/features/catalog/ModelInferences'), 'ModelInferences'),
});

const card = createRoute({ getParentRoute: () => model, path: '/card', validateSearch: ofVersion, component: lazyRouteComponent(() => import('@/features/catalog/Card'), 'Card') });

export const modelRoutes = [hub, create, model.addChildren([overview, versions, newVersion, inferences, card])] as const;
