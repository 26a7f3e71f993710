import { Group as Row, Radio, Stack, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { ButtonLink } from '@/components/ButtonLink';
import { Identifier } from '@/components/Copy';
import { Panel } from '@/components/Panel';
import { Answer, Failure, Notice } from '@/components/States';
import { UnitInput } from '@/components/UnitInput';
import { plural, when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { queryClient, trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/delete');

export function Delete() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return <Answer of={group}>{(data) => <DeleteForm group={data} />}</Answer>;
}

/** Deletes a group: shows what happens to its log, and asks for the slug. */
function DeleteForm({ group }: { group: Group }) {
  const barred = useWhyNot('group:group:delete', 'deleting a group');
  const [policy, setPolicy] = useState<'archive' | 'delete'>('archive');
  const [grace, setGrace] = useState(24);
  const [typed, setTyped] = useState('');
  const traffic = useQuery(trpc.inference.traffic.queryOptions({ slug: group.slug }));
  const remove = useMutation(
    trpc.groups.delete.mutationOptions({ onSuccess: () => void queryClient.invalidateQueries({ queryKey: trpc.groups.list.queryKey() }) }),
  );
  if (remove.data) {
    return (
      <Notice tone="ok" action={<ButtonLink to="/groups" variant="default">Go to the groups</ButtonLink>}>
        {group.name} is being deleted ({remove.data.policy}); its log is archived or deleted by {when(remove.data.due_at)}. Run <Identifier value={remove.data.run_id} what="run id" />
      </Notice>
    );
  }
  const rows = traffic.data ? plural(traffic.data.total, 'logged prediction') : 'logged predictions';
  return (
    <Panel title={`Delete ${group.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          remove.mutate({ slug: group.slug, policy, grace_hours: grace, confirm: typed });
        }}
      >
        <Stack gap={18} maw={640}>
          <p style={{ margin: 0, fontSize: 14, lineHeight: 1.55 }}>
            The endpoint <code>{group.endpoint}</code> rejects all requests at once, for {group.phase.members.map((m) => m.label).join(', ')}. The models and versions stay. The audit log keeps the deletion and every
            promotion before it.
          </p>
          <Radio.Group label={`What happens to its ${rows}`} value={policy} onChange={(v) => setPolicy(v)}>
            <Stack gap={10} mt={8}>
              <Radio value="archive" label="Archive" description="Written to Parquet with a manifest of row count and SHA-256, verified, and only then dropped." />
              <Radio value="delete" label="Delete" description="Deleted after the grace period. It cannot be restored." />
            </Stack>
          </Radio.Group>
          {policy === 'delete' && <UnitInput label="Grace period" unit="hour" min={0} max={720} value={grace} onChange={(v) => setGrace(v ?? 24)} w={180} />}
          <TextInput label={`Type ${group.slug} to confirm`} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} autoComplete="off" spellCheck={false} />
          {remove.isError && <Failure error={remove.error} title="The group has not been deleted" />}
          <Row gap={12}>
            <ActionButton type="submit" size="sm" color="red" why={barred ?? (typed === group.slug ? null : 'Type the slug to confirm.')} loading={remove.isPending} leftSection={<IconTrash size={15} />}>
              {policy === 'archive' ? 'Archive the log and delete the group' : 'Delete the group and its log'}
            </ActionButton>
          </Row>
        </Stack>
      </form>
    </Panel>
  );
}
