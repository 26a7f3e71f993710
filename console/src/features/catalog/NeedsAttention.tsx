import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Panel } from '@/components/Panel';
import { Status, type Severity } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural } from '@/components/format';
import { useMay } from '@/features/access/session';
import { Subject } from '@/features/alerts/Subject';
import { toneOf } from '@/features/alerts/alerts';
import css from '@/features/catalog/hub.module.css';
import { ALERTS, GROUP_TABS } from '@/nav';
import { trpc } from '@/rpc/client';

const SHOWN = 5;

/** What somebody should look at now: a halt that waits for a second person, and the open alerts. A line says so when there is nothing. */
export function NeedsAttention() {
  const may = useMay(ALERTS.permission);
  const alerts = useQuery(trpc.alerts.list.queryOptions({}, { enabled: may, refetchInterval: 30_000 }));
  const groups = useQuery({ ...trpc.groups.list.queryOptions(), staleTime: 5_000 });
  const waiting = groups.data?.filter((group) => group.halt?.requested_by) ?? [];
  if (!groups.data || (may && !alerts.data)) return null;
  const open = alerts.data ?? [];
  if (waiting.length + open.length === 0) {
    return (
      <p className={css.calm}>
        <IconCircleCheck size={15} aria-hidden="true" /> {may ? 'Nothing needs attention: no alert is open and nothing is halted.' : 'No group waits for a second person.'}
      </p>
    );
  }
  return (
    <div style={{ marginBottom: 14 }}>
      <Panel flush title="Needs attention" aside={<Link to={ALERTS.path} className="link" style={{ fontSize: 12 }}>All alerts</Link>}>
        <ul className={css.needs}>
          {waiting.map((group) => (
            <Line key={group.id} tone="warn" word="waits" about={<Link to={GROUP_TABS.control.to} params={{ slug: group.slug }} className="link">{group.name}</Link>}>
              {group.halt?.requested_by} asked to resume it. {group.solo ? 'One person may resume it alone.' : 'A second person confirms.'}
            </Line>
          ))}
          {open.slice(0, SHOWN).map((alert) => (
            <Line key={alert.id} tone={toneOf(alert.severity)} word={alert.severity} about={<Subject subject={alert.subject} />} since={alert.first_seen} advice={alert.recommendation}>
              {alert.message}
            </Line>
          ))}
        </ul>
        {open.length > SHOWN && <p className="hint" style={{ margin: 0, padding: '0 16px 12px' }}>And {plural(open.length - SHOWN, 'more alert')}.</p>}
      </Panel>
    </div>
  );
}

interface LineProps {
  tone: Severity;
  word: string;
  about: ReactNode;
  since?: string;
  advice?: string;
  children: ReactNode;
}

function Line({ tone, word, about, since, advice, children }: LineProps) {
  return (
    <li>
      <Status tone={tone}>{word}</Status>
      <div>
        {children}
        {advice && <div className="hint">{advice}</div>}
      </div>
      <div className={css.about}>
        {about}
        {since && <div className="hint">since <Ago at={since} /></div>}
      </div>
    </li>
  );
}
