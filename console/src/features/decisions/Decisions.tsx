import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Answer, Notice } from '@/components/States';
import { ComparisonPanel } from '@/features/decisions/ComparisonPanel';
import { ExplorationPanel } from '@/features/decisions/ExplorationPanel';
import { OverridePanel } from '@/features/decisions/OverridePanel';
import { RulePanel } from '@/features/decisions/RulePanel';
import { ValueTablePanel } from '@/features/decisions/ValueTablePanel';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/groups/$slug/decisions');

/** What a group decides, what was finally done, and what it is worth. */
export function Decisions() {
  const { slug } = route.useParams();
  const found = useQuery(trpc.decisions.get.queryOptions({ slug }));
  return (
    <Answer of={found}>
      {(data) => (
        <Stack gap={16}>
          {data.can_decide ? (
            <Notice tone="ok">Value per application can be the decision metric of this group.</Notice>
          ) : (
            <Notice tone="info">Value per application cannot be the decision metric. {data.reason}</Notice>
          )}
          <RulePanel decisions={data} />
          <OverridePanel slug={slug} />
          <ComparisonPanel key={JSON.stringify(data.settings)} decisions={data} />
          <ValueTablePanel key={JSON.stringify(data.value_table)} decisions={data} />
          <ExplorationPanel slug={slug} approves={data.settings.approves} currency={data.value_table?.currency ?? null} />
        </Stack>
      )}
    </Answer>
  );
}
