import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Answer } from '@/components/States';
import { DeadLetters } from '@/features/groups/DeadLetters';
import { LegalHold, Retention, WhenUnlogged } from '@/features/groups/LogPolicy';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/groups/$slug/log');

/** A group's log: failed entries, retention, and answers while nothing can be logged. */
export function LogPage() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return (
    <Answer of={group}>
      {(data) => (
        <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
          <DeadLetters slug={slug} />
          <Retention group={data} />
          <LegalHold group={data} />
          <WhenUnlogged group={data} />
        </div>
      )}
    </Answer>
  );
}
