import { createRoute } from '@tanstack/react-router';

import { ELSEWHERE, HUB, MODEL, MODEL_TABS, NEW_VERSION } from '@/nav';
import { lazyPage } from '@/routes/lazyPage';
import { signedIn } from '@/routes/root';
import { inferenceSearch, oneOf, optional, text } from '@/routes/search';

const hub = createRoute({
  getParentRoute: () => signedIn,
  path: HUB.path,
  validateSearch: (raw: Record<string, unknown>) => optional({ search: text(raw, 'search') }),
  component: lazyPage(() => import('@/features/catalog/Hub'), 'Hub'),
});

const create = createRoute({ getParentRoute: () => signedIn, path: ELSEWHERE.newModel, component: lazyPage(() => import('@/features/catalog/NewModel'), 'NewModel') });

const bring = createRoute({
  getParentRoute: () => signedIn,
  path: ELSEWHERE.import,
  validateSearch: (raw: Record<string, unknown>) => optional({ model: text(raw, 'model') }),
  component: lazyPage(() => import('@/features/importing/Import'), 'Import'),
});

const review = createRoute({
  getParentRoute: () => signedIn,
  path: ELSEWHERE.importDraft,
  validateSearch: (raw: Record<string, unknown>) => optional({ view: oneOf(raw, 'view', ['values', 'unmapped', 'rules'] as const) }),
  component: lazyPage(() => import('@/features/importing/Review'), 'Review'),
});

const model = createRoute({ getParentRoute: () => signedIn, path: MODEL, component: lazyPage(() => import('@/features/catalog/ModelFrame'), 'ModelFrame') });

const ofVersion = (raw: Record<string, unknown>) => optional({ v: text(raw, 'v') });

const overview = createRoute({
  getParentRoute: () => model,
  path: MODEL_TABS.overview.path,
  validateSearch: ofVersion,
  component: lazyPage(() => import('@/features/catalog/Overview'), 'Overview'),
});

const versions = createRoute({ getParentRoute: () => model, path: MODEL_TABS.versions.path, component: lazyPage(() => import('@/features/catalog/Versions'), 'Versions') });

const newVersion = createRoute({ getParentRoute: () => model, path: NEW_VERSION, component: lazyPage(() => import('@/features/catalog/NewVersion'), 'NewVersion') });

const inferences = createRoute({
  getParentRoute: () => model,
  path: MODEL_TABS.inferences.path,
  validateSearch: (raw: Record<string, unknown>) => optional({ group: text(raw, 'group'), ...inferenceSearch(raw) }),
  component: lazyPage(() => import('@/features/catalog/ModelInferences'), 'ModelInferences'),
});

const card = createRoute({ getParentRoute: () => model, path: MODEL_TABS.card.path, validateSearch: ofVersion, component: lazyPage(() => import('@/features/catalog/Card'), 'Card') });

export const modelRoutes = [hub, create, bring, review, model.addChildren([overview, versions, newVersion, inferences, card])] as const;
