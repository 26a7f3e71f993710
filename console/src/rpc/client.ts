import { QueryCache, QueryClient } from '@tanstack/react-query';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { type AppRouter, createHubClient } from 'frontend-contract';

import { HUB_URL } from '@/rpc/base';
import { isSignedOut, isTransient } from '@/rpc/errors';

/** Proves to the hub that a request comes from its own console: other sites cannot set a custom header. */
export const SAME_ORIGIN = { 'x-tiltyard': '1' } as const;

/** Set by main.tsx: called when the hub was updated while the page was open. */
export const contract = { changed: () => undefined as unknown };

const client = createHubClient({ url: `${HUB_URL}/rpc`, onContractChanged: () => contract.changed() });

/** Set by the router: called when the session has ended. */
export const session = { ended: () => undefined as unknown };

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isSignedOut(error)) session.ended();
    },
  }),
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (count, error) => count < 2 && isTransient(error), retryDelay: (count) => 400 * 2 ** count },
  },
});

export const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient });
export { client as rpc };
