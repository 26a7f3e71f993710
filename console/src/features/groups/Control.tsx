import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Answer } from '@/components/States';
import { HaltPanel } from '@/features/groups/HaltPanel';
import { RampPanel } from '@/features/groups/RampPanel';
import { RollbackPanel } from '@/features/groups/RollbackPanel';
import { SettingsPanel } from '@/features/groups/SettingsPanel';
import css from '@/features/groups/groups.module.css';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/groups/$slug/control');

/** Halt, rollback, ramps, and the group's settings. */
export function Control() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return (
    <Answer of={group}>
      {(data) => (
        <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 14 }}>
          <div className={css.grid2} style={{ marginTop: 0 }}>
            <HaltPanel group={data} />
            <RollbackPanel group={data} />
          </div>
          <RampPanel group={data} />
          <SettingsPanel key={data.slug} group={data} />
        </div>
      )}
    </Answer>
  );
}
