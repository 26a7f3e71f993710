import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import css from '@/components/ui.module.css';
import { problemOf } from '@/rpc/errors';

export type Severity = 'ok' | 'warn' | 'bad' | 'info';
const ICONS = { ok: IconCircleCheck, warn: IconAlertTriangle, bad: IconAlertTriangle, info: IconInfoCircle } as const;

/** A short state: colour, icon and word. */
export function Status({ tone, children }: { tone: Severity; children: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <span className={css.tone} data-tone={tone}>
      <Icon size={12} aria-hidden="true" />
      {children}
    </span>
  );
}

export function Notice({ tone, children, action }: { tone: Severity; children: ReactNode; action?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={css.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={17} aria-hidden="true" />
      <div className={css.noticeBody}>{children}</div>
      {action}
    </div>
  );
}

/** What went wrong in words, where, and a way to try again. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => unknown; title?: string }) {
  const problem = problemOf(error);
  return (
    <Notice
      tone="bad"
      action={
        retry && (
          <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={() => void retry()}>
            Try again
          </Button>
        )
      }
    >
      {title && <Text fw={600} fz="sm">{title}</Text>}
      {problem.message}
      {problem.issues.length > 0 && (
        <ul style={{ margin: '6px 0 0', paddingLeft: 18 }}>
          {problem.issues.slice(0, 12).map((issue) => (
            <li key={issue.pointer + issue.message}>
              <code>{issue.pointer || '/'}</code> {issue.message}
            </li>
          ))}
          {problem.issues.length > 12 && <li>and {problem.issues.length - 12} more</li>}
        </ul>
      )}
      {problem.requestId && (
        <div className="hint">
          Request <code>{problem.requestId}</code>
        </div>
      )}
    </Notice>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      {icon}
      <Title order={2} fz={15} mt={icon ? 10 : 0}>
        {title}
      </Title>
      <Text c="dimmed" fz="sm" mt={4} mb={action ? 16 : 0} style={{ textWrap: 'pretty' }}>
        {children}
      </Text>
      {action}
    </div>
  );
}

export function Loading({ rows = 4, height = 34 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={10} p={4} aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} height={height} radius="sm" />
      ))}
    </Stack>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** A query to the hub in each state: loading, failed, answered. Old answers stay visible while new ones load. */
export function Answer<T>({ of, skeleton, children }: { of: Asked<T>; skeleton?: ReactNode; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Failure error={of.error} retry={of.refetch} />;
  return <>{skeleton ?? <Loading />}</>;
}
