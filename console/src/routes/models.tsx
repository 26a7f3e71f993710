import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { signedIn } from '@/routes/root';
import { inferenceSearch, oneOf, optional, text } from '@/routes/search';

const hub = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  validateSearch: (raw: Record<string, unknown>) => optional({ search: text(raw, 'search') }),
  component: lazyRouteComponent(() => import('@/features/catalog/Hub'), 'Hub'),
});

const create = createRoute({ getParentRoute: () => signedIn, path: '/models/new', component: lazyRouteComponent(() => import('@/features/catalog/NewModel'), 'NewModel') });

const bring = createRoute({
  getParentRoute: () => signedIn,
  path: '/import',
  validateSearch: (raw: Record<string, unknown>) => optional({ model: text(raw, 'model') }),
  component: lazyRouteComponent(() => import('@/features/importing/Import'), 'Import'),
});

const review = createRoute({
  getParentRoute: () => signedIn,
  path: '/import/$draft',
  validateSearch: (raw: Record<string, unknown>) => optional({ view: oneOf(raw, 'view', ['values', 'unmapped', 'rules'] as const) }),
  component: lazyRouteComponent(() => import('@/features/importing/Review'), 'Review'),
});

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

export const modelRoutes = [hub, create, bring, review, model.addChildren([overview, versions, newVersion, inferences, card])] as const;
