import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { Failure, Status } from '@/components/States';
import { plural, when } from '@/components/format';
import { useMay } from '@/features/access/session';
import { Silence } from '@/features/alerts/Silence';
import { Subject } from '@/features/alerts/Subject';
import { readAgain, toneOf } from '@/features/alerts/alerts';
import css from '@/features/alerts/alerts.module.css';
import { trpc } from '@/rpc/client';
import type { Alert } from '@/rpc/types';

/** One alert, and what a person can do about it here. */
export function AlertRow({ alert }: { alert: Alert }) {
  const may = useMay('monitoring:alert:handle');
  const [silencing, setSilencing] = useState(false);
  const done = { onSuccess: readAgain };
  const acknowledge = useMutation(trpc.alerts.acknowledge.mutationOptions(done));
  const unsilence = useMutation(trpc.alerts.unsilence.mutationOptions(done));
  const active = alert.state !== 'resolved';
  return (
    <article className={css.row} aria-label={alert.message} data-active={active}>
      <div>
        <Status tone={active ? toneOf(alert.severity) : 'info'}>{alert.severity}</Status>
        {alert.state !== 'open' && <div className="hint">{alert.state}</div>}
      </div>
      <div className={css.words}>
        <p className={css.message}>{alert.message}</p>
        {active && <p className="hint">{alert.recommendation}</p>}
        <p className="hint">
          {plural(alert.count, 'check')} found it{stateOf(alert)}
        </p>
      </div>
      <div className={css.about}>
        <Subject subject={alert.subject} />
        <div className="hint">
          <code>{alert.kind}</code>
        </div>
        <div className="hint">{when(alert.first_seen)}</div>
      </div>
      {active && may && (
        <Group gap={8} className={css.actions}>
          {alert.acknowledged_at === null && <Button size="xs" variant="default" loading={acknowledge.isPending} onClick={() => acknowledge.mutate({ alert_id: alert.id })}>Acknowledge</Button>}
          {alert.state === 'silenced' ? (
            <Button size="xs" variant="default" loading={unsilence.isPending} onClick={() => unsilence.mutate({ alert_id: alert.id })}>End the silence</Button>
          ) : (
            <Button size="xs" variant="default" onClick={() => setSilencing(true)}>Silence…</Button>
          )}
        </Group>
      )}
      {acknowledge.isError && <Failure error={acknowledge.error} />}
      {unsilence.isError && <Failure error={unsilence.error} />}
      {silencing && <Silence alert={alert} close={() => setSilencing(false)} />}
    </article>
  );
}

function stateOf(alert: Alert): string {
  const parts = [];
  if (alert.acknowledged_at) parts.push(`acknowledged by ${alert.acknowledged_by ?? ''}, ${when(alert.acknowledged_at)}`);
  if (alert.state === 'silenced' && alert.silenced_until) parts.push(`silenced until ${when(alert.silenced_until)} by ${alert.silenced_by ?? ''}: ${alert.silence_reason ?? ''}`);
  if (alert.resolved_at) parts.push(`resolved ${when(alert.resolved_at)}`);
  return parts.map((part) => ` · ${part}`).join('');
}
