import { createRootRoute, createRoute, Outlet, redirect } from '@tanstack/react-router';

import { Lost } from '@/components/Lost';
import { Shell } from '@/components/Shell';
import { meOptions } from '@/features/access/session';
import { SignIn } from '@/features/access/SignIn';
import { queryClient } from '@/rpc/client';
import { isSignedOut } from '@/rpc/errors';

export const root = createRootRoute({ component: Outlet, notFoundComponent: Lost });

const own = (value: unknown) => (typeof value === 'string' && /^\/(?!\/)/.test(value) && !value.startsWith('/sign-in') ? value : '/');

export const signInRoute = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: search.next === undefined ? undefined : own(search.next) }),
  component: function SignInPage() {
    return <SignIn next={signInRoute.useSearch().next ?? '/'} />;
  },
});

/** Everything behind the sign-in. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    try {
      return { me: await queryClient.query({ ...meOptions(), staleTime: 'static' }) };
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ to: '/sign-in', search: { next: location.href } });
      throw error;
    }
  },
  component: function SignedIn() {
    return <Shell me={signedIn.useRouteContext().me} />;
  },
});
