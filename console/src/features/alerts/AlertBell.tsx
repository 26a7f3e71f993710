import { ActionIcon, Indicator, Popover } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';

import { Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural } from '@/components/format';
import { toneOf } from '@/features/alerts/alerts';
import css from '@/features/alerts/alerts.module.css';
import { ALERTS } from '@/nav';
import type { Alert } from '@/rpc/types';

/** The number of open alerts; a click lists them with their recommendations. */
export function AlertBell({ alerts }: { alerts: Alert[] | undefined }) {
  if (alerts === undefined) return null;
  const critical = alerts.some((one) => one.severity === 'critical');
  return (
    <Popover width={400} position="bottom-start" shadow="md" trapFocus>
      <Indicator label={alerts.length} size={15} offset={5} disabled={alerts.length === 0} color={critical ? 'red.8' : 'yellow.9'}>
        <Popover.Target>
          <ActionIcon aria-label={alerts.length === 0 ? 'Alerts: none open' : `Alerts: ${alerts.length.toString()} open`}>
            <IconBell size={17} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown aria-label="Alerts" className={css.list} tabIndex={0}>
        <div className="eyebrow">{alerts.length === 0 ? 'No alerts' : plural(alerts.length, 'open alert')}</div>
        {alerts.length === 0 && <p className="hint">Problems that need attention are listed here: a version that does not load, a worker that stopped, log entries that cannot be stored.</p>}
        <Link to={ALERTS.path} className="hint">All alerts, with their history</Link>
        {alerts.map((alert) => (
          <article key={alert.id} className={css.alert}>
            <div className={css.head}>
              <Status tone={toneOf(alert.severity)}>{alert.severity}</Status>
              <span className="hint">
                since <Ago at={alert.first_seen} />
              </span>
            </div>
            <p>{alert.message}</p>
            <p className="hint">{alert.recommendation}</p>
          </article>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
