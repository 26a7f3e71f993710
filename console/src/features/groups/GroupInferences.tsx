import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { InferenceBrowser } from '@/features/inference/InferenceBrowser';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/groups/$slug/inferences');

/** The group's log. */
export function GroupInferences() {
  const { slug } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return (
    <InferenceBrowser
      slug={slug}
      filter={search}
      versions={group.data?.phase.members.map((m) => m.label) ?? []}
      change={(part, replace) => void navigate({ search: (old) => ({ ...old, ...part }), replace: replace ?? false })}
    />
  );
}
