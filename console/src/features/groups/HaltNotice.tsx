import { Link } from '@tanstack/react-router';

import { Notice } from '@/components/States';
import { when } from '@/components/format';
import type { Group } from '@/rpc/types';

/** On every page of a group: that it, or one of its versions, is halted. */
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
          This group is halted and answers nobody: {halt.by}, {when(halt.at)}
          {halt.reason && `: ${halt.reason}`}
        </Notice>
      )}
      {versions.map((one) => (
        <Notice key={one.id} tone="warn" action={link}>
          {one.label} is halted everywhere, by {one.by}
          {one.reason && `: ${one.reason}`}. {group.phase.members.some((m) => m.version_id === one.version_id && m.role === 'champion') ? 'It is the champion here: nobody is answered.' : 'The champion answers for it.'}
        </Notice>
      ))}
    </div>
  );
}
