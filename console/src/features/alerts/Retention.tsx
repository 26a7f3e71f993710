import { Group } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Answer, Failure } from '@/components/States';
import { UnitInput } from '@/components/UnitInput';
import { plural } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { queryClient, trpc } from '@/rpc/client';

/** How long resolved alerts are kept. */
export function Retention() {
  const kept = useQuery(trpc.alerts.retention.queryOptions());
  return <Panel title="Retention"><Answer of={kept}>{(data) => <Edit key={String(data.days)} days={data.days} />}</Answer></Panel>;
}

function Edit({ days }: { days: number | null }) {
  const barred = useWhyNot('monitoring:alert:retain', 'changing how long alerts are kept');
  const [value, setValue] = useState(days);
  const set = useMutation(trpc.alerts.setRetention.mutationOptions({ onSuccess: (now) => queryClient.setQueryData(trpc.alerts.retention.queryKey(), now) }));
  return (
    <>
      <p className="hint" style={{ marginTop: 0 }}>Resolved alerts are kept {days === null ? 'forever' : `for ${plural(days, 'day')}`}. Alerts that are not resolved are never removed.</p>
      <UnitInput label="Keep resolved alerts for" description="Empty: forever" unit="day" min={1} max={36_500} allowDecimal={false} readOnly={barred !== null} value={value} onChange={setValue} w={200} />
      <Group gap={12} mt={12}>
        <ActionButton size="sm" variant="default" loading={set.isPending} why={barred ?? (value === days ? 'Nothing to save.' : null)} onClick={() => set.mutate({ days: value })}>Save</ActionButton>
      </Group>
      {set.isError && <Failure error={set.error} title="Nothing has changed" />}
    </>
  );
}
