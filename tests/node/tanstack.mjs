// The TanStack Query integration, without a page: its options for each procedure, and what carries them out.
import { InfiniteQueryObserver, MutationObserver, QueryClient, QueryObserver } from '@tanstack/react-query';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';

export function tanstack(client) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return { queries, trpc: createTRPCOptionsProxy({ client, queryClient: queries }), InfiniteQueryObserver, MutationObserver, QueryObserver };
}
