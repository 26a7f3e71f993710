import { Link } from '@tanstack/react-router';

import { GROUP } from '@/nav';

/** What an alert is about: a group leads to its page. */
export function Subject({ subject }: { subject: string }) {
  const [kind, ...rest] = subject.split(':');
  const name = rest.join(':');
  if (kind === 'group' && name) {
    return (
      <Link to={GROUP} params={{ slug: name }} className="link">
        {name}
      </Link>
    );
  }
  return <code>{subject}</code>;
}
