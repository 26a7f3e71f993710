import { useQueries, useQuery } from '@tanstack/react-query';

import { trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';

/** Every version that can be put in a group, of every model. */
export function useReadyVersions(): { versions: Version[]; pending: boolean; error: unknown } {
  const models = useQuery(trpc.models.list.queryOptions({ limit: 500 }));
  const lists = useQueries({ queries: (models.data?.items ?? []).filter((m) => m.versions > 0).map((m) => trpc.models.versions.queryOptions({ slug: m.slug })) });
  return {
    versions: lists.flatMap((list) => list.data ?? []).filter((version) => version.state === 'ready'),
    pending: models.isPending || lists.some((list) => list.isPending),
    error: models.error ?? lists.find((list) => list.error)?.error ?? null,
  };
}
