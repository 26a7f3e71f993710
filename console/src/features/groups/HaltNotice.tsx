import { Link } from '@tanstack/react-router';

import { Notice } from '@/components/States';
import { when } from '@/components/format';
import type { Group } from '@/rpc/types';

const isChampion = (group: Group, version: string | null) => group.phase.members.some((m) => m.version_id === version && m.role === 'champion');

/** Shown on every page of a group while it, or one of its versions, is halted. */
export function HaltNotice({ group }: { group: Group }) {
  const { halt, halted_versions: versions, slug } = group;
  if (!halt && versions.length === 0) return null;
  const link = (
    <Link to="/groups/$slug/control" params={{ slug }} className="link">
      Control
    </Link>
  );
  return (
    <div style={{ display: 'grid', gap: 8, marginBottom: 14 }}>
      {halt && (
        <Notice tone="bad" action={link}>
          This group is halted and rejects all requests. Halted by {halt.by}, {when(halt.at)}
          {halt.reason && `: ${halt.reason}`}
        </Notice>
      )}
      {versions.map((one) => (
        <Notice key={one.id} tone={isChampion(group, one.version_id) ? 'bad' : 'warn'} action={link}>
          {one.label} is halted in every group, by {one.by}
          {one.reason && `: ${one.reason}`}. {isChampion(group, one.version_id) ? 'It is the champion here, so the group rejects all requests.' : 'The champion answers its share.'}
        </Notice>
      ))}
    </div>
  );
}
