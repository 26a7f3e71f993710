import { Group as Row, NumberInput, SegmentedControl } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Failure } from '@/components/States';
import { figure } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { GROUP_TABS } from '@/nav';
import { queryClient, trpc } from '@/rpc/client';

/** Puts the cut-off into the group as a version of its own, in one step. */
export function TryCutoff({ slug, version, cut }: { slug: string; version: string; cut: number }) {
  const [role, setRole] = useState<'challenger' | 'shadow'>('shadow');
  const [percent, setPercent] = useState<number | null>(5);
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  const split = useWhyNot('group:group:write', 'changing the split');
  const making = useWhyNot('catalog:model:write', 'making a version');
  const barred = split ?? making;
  const attempt = useMutation(
    trpc.decisions.tryCutoff.mutationOptions({
      onSuccess: (made) => {
        notifications.show({ title: `${made.version} is in the group`, message: `It approves by the cut-off ${figure(made.cut)}, as ${made.role}.`, color: 'pine' });
        void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() });
        void queryClient.invalidateQueries({ queryKey: trpc.decisions.pathKey() });
      },
    }),
  );
  const missing = role === 'challenger' && !percent ? 'A challenger needs a share of the requests.' : null;
  const why = barred ?? (group.data ? missing : 'The group is loading.');
  const send = () => {
    if (group.data) attempt.mutate({ slug, version, cut, role, phase: group.data.phase.number, share: role === 'shadow' ? 0 : Math.round((percent ?? 0) * 100) });
  };
  return (
    <div>
      <Row gap={12} align="center">
        <SegmentedControl
          size="xs"
          aria-label="Role"
          data={[
            { value: 'shadow', label: 'Shadow' },
            { value: 'challenger', label: 'Challenger' },
          ]}
          value={role}
          onChange={(value) => setRole(value)}
        />
        {role === 'challenger' && <NumberInput size="xs" w={110} aria-label="Share of the requests" suffix=" %" min={0.01} max={99} decimalScale={2} value={percent ?? ''} onChange={(value) => setPercent(typeof value === 'number' ? value : null)} />}
        <ActionButton size="sm" why={why} loading={attempt.isPending} onClick={send}>
          Try as {role}
        </ActionButton>
      </Row>
      <p className="hint" style={{ marginBottom: 0 }}>The new version approves on the safe side of the cut-off and declines the rest. It has no further bands, and none by segment.</p>
      {attempt.error && <Failure error={attempt.error} title="Nothing has changed" />}
      {attempt.data && (
        <p className="hint" style={{ marginBottom: 0 }}>
          {attempt.data.version} answers by this cut-off from phase {attempt.data.phase} on. <Link to={GROUP_TABS.comparison.to} params={{ slug }} className="link">Compare it</Link>
        </p>
      )}
    </div>
  );
}
