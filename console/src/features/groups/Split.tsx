import { Button, Group as Row, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Answer, Failure, Notice } from '@/components/States';
import { useWhyNot } from '@/features/access/powers';
import { MembersEditor } from '@/features/groups/MembersEditor';
import { draftsOf, joining, problemWith, specsOf } from '@/features/groups/members';
import { keepGroup } from '@/features/groups/HaltPanel';
import { countAgain, ServingImpact, useServingImpact } from '@/features/groups/ServingImpact';
import { queryClient, trpc } from '@/rpc/client';
import { problemOf } from '@/rpc/errors';
import type { Group } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/split');

export function Split() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return <Answer of={group}>{(data) => <Editor group={data} />}</Answer>;
}

/** Changes the split, based on the phase that was on screen when the editing began. */
function Editor({ group }: { group: Group }) {
  const [base, setBase] = useState(group.phase);
  const [rows, setRows] = useState(() => draftsOf(group.phase.members));
  const [reason, setReason] = useState('');
  const save = useMutation(
    trpc.groups.setSplit.mutationOptions({
      onSuccess: (saved) => {
        keepGroup(saved);
        setBase(saved.phase);
        setRows(draftsOf(saved.phase.members));
        setReason('');
        notifications.show({ title: `Phase ${saved.phase.number.toString()} is open`, message: saved.settled === false ? 'The new split stands.' : 'The new split is in force.', color: 'pine' });
      },
      onError: (error) => {
        countAgain(error);
        if (problemOf(error).reason === 'STALE_PHASE') void queryClient.invalidateQueries({ queryKey: trpc.groups.pathKey() });
      },
    }),
  );
  const startOver = () => {
    setBase(group.phase);
    setRows(draftsOf(group.phase.members));
    save.reset();
  };
  const unchanged = JSON.stringify(specsOf(rows)) === JSON.stringify(specsOf(draftsOf(base.members)));
  const impact = useServingImpact({ slug: group.slug, ...joining(specsOf(rows), base.members) });
  const barred = useWhyNot('group:group:write', 'changing the split');
  const problem = barred ?? problemWith(rows) ?? (unchanged ? 'Nothing to save.' : impact.why);
  return (
    <Panel title="Split" note={`based on phase ${base.number.toString()}`}>
      <Stack gap={16}>
        <p className="hint" style={{ margin: 0 }}>
          The same applicant always gets the same version, by a hash of the entity key. A changed share moves only the necessary requests. Saving opens a new phase, and figures start again
          from zero there.
        </p>
        {group.phase.number !== base.number && (
          <Notice tone="warn" action={<Button variant="default" onClick={startOver}>Load phase {group.phase.number}</Button>}>
            {group.phase.opened_by} opened phase {group.phase.number} while you were editing{group.phase.reason && `: ${group.phase.reason}`}. Your changes are based on phase{' '}
            {base.number} and cannot be saved over it.
          </Notice>
        )}
        <MembersEditor rows={rows} change={setRows} />
        <TextInput label="Reason" description="Kept with the phase and in the audit log." value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
        <ServingImpact of={impact} />
        {save.isError && <Failure error={save.error} title="The split has not changed" />}
        <Row justify="flex-end" gap={12}>
          <ActionButton variant="default" size="sm" why={unchanged ? 'Nothing has changed yet.' : null} reasonAt="tooltip" onClick={startOver}>
            Undo changes
          </ActionButton>
          <ActionButton
            size="sm"
            why={problem}
            reasonAt="before"
            loading={save.isPending}
            onClick={() => save.mutate({ slug: group.slug, phase: base.number, members: specsOf(rows), reason: reason.trim(), accept_refusals: impact.accepted })}
          >
            Open phase {base.number + 1}
          </ActionButton>
        </Row>
      </Stack>
    </Panel>
  );
}
