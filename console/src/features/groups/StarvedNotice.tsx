import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { Notice } from '@/components/States';
import { plural } from '@/components/format';
import { GROUP_TABS } from '@/nav';
import { trpc } from '@/rpc/client';

const SHOWN = 6;

/** Challengers that requests could not reach, because inputs were missing. The champion answers those with status ok, so nothing else shows it. */
export function StarvedNotice({ slug }: { slug: string }) {
  const traffic = useQuery(trpc.inference.traffic.queryOptions({ slug }, { refetchInterval: 10_000 }));
  if (!traffic.data || traffic.data.starved.length === 0) return null;
  return (
    <div style={{ display: 'grid', gap: 8, marginBottom: 14 }}>
      {traffic.data.starved.map(({ version, requests, lacks }) => (
        <Notice key={version} tone="warn" action={<Link to={GROUP_TABS.endpoint.to} params={{ slug }} className="link">Inputs of every version</Link>}>
          <strong>{plural(requests, 'request')} could not reach {version}.</strong> The champion answered in its place. Missing inputs: {lacks.slice(0, SHOWN).join(', ')}
          {lacks.length > SHOWN && ` and ${(lacks.length - SHOWN).toString()} more`}.
        </Notice>
      ))}
    </div>
  );
}
