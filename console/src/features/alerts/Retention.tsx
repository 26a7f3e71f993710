import { Button, Group, NumberInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Panel } from '@/components/Panel';
import { Answer, Failure } from '@/components/States';
import { useMay } from '@/features/access/session';
import { queryClient, trpc } from '@/rpc/client';

/** How long resolved alerts are kept. */
export function Retention() {
  const kept = useQuery(trpc.alerts.retention.queryOptions());
  return <Panel title="Retention"><Answer of={kept}>{(data) => <Edit key={String(data.days)} days={data.days} />}</Answer></Panel>;
}

function Edit({ days }: { days: number | null }) {
  const may = useMay('monitoring:alert:retain');
  const [value, setValue] = useState<number | string>(days ?? '');
  const set = useMutation(trpc.alerts.setRetention.mutationOptions({ onSuccess: (now) => queryClient.setQueryData(trpc.alerts.retention.queryKey(), now) }));
  return (
    <>
      <p className="hint" style={{ marginTop: 0 }}>Resolved alerts are kept {days === null ? 'for good' : `for ${days.toString()} days`}. Alerts that are not resolved are never removed.</p>
      {may && (
        <Group align="end" gap={8}>
          <NumberInput label="Days" description="Empty: for good" min={1} max={36_500} allowDecimal={false} value={value} onChange={setValue} w={160} />
          <Button variant="default" loading={set.isPending} disabled={value === (days ?? '')} onClick={() => set.mutate({ days: value === '' ? null : Number(value) })}>Set</Button>
        </Group>
      )}
      {set.isError && <Failure error={set.error} title="The retention is as it was" />}
    </>
  );
}
