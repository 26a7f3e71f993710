import { createRouter } from '@tanstack/react-router';

import { Broken, Lost } from '@/components/Lost';
import { Loading } from '@/components/States';
import { alertRoutes } from '@/routes/alerts';
import { groupRoutes } from '@/routes/groups';
import { modelRoutes } from '@/routes/models';
import { root, signedIn, signInRoute } from '@/routes/root';
import { settingsRoutes } from '@/routes/settings';
import { BASE } from '@/rpc/base';
import { session } from '@/rpc/client';

const tree = root.addChildren([signInRoute, signedIn.addChildren([...modelRoutes, ...groupRoutes, ...alertRoutes, ...settingsRoutes])]);

export const router = createRouter({
  routeTree: tree,
  basepath: BASE,
  defaultPreload: 'intent',
  defaultPendingMs: 250,
  defaultPendingComponent: Loading,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Lost,
  // An unknown address is nobody's tab: the whole page says so, once.
  notFoundMode: 'root',
  scrollRestoration: true,
});

session.ended = () => {
  const here = router.state.location;
  if (here.pathname !== '/sign-in') void router.navigate({ to: '/sign-in', search: { next: here.href } });
};

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
