import { Button, Group as Row, Stack } from '@mantine/core';

import { ButtonLink } from '@/components/ButtonLink';
import { Identifier } from '@/components/Copy';
import { Facts } from '@/components/Kpi';
import { SplitBar } from '@/components/SplitBar';
import { Notice } from '@/components/States';
import { share } from '@/components/format';
import type { Promotion } from '@/rpc/types';

/** What a promotion did: who answers now, and where the evidence is kept. */
export function PromotionResult({ promotion, from, close }: { promotion: Promotion; from: string | null; close: () => void }) {
  const { group, evidence_hash } = promotion;
  const champion = group.phase.members.find((m) => m.role === 'champion');
  return (
    <Stack gap={16}>
      <Notice tone="ok">
        Done. {champion?.label} is the champion of {group.name}
        {from && from !== champion?.label ? `, in place of ${from}` : ''}; phase {group.phase.number} is open.
      </Notice>
      <SplitBar members={group.phase.members} />
      <Facts
        of={[
          ['Traffic', group.phase.members.map((m) => `${m.label} ${m.role === 'shadow' ? 'shadow' : share(m.share)}`).join(', ')],
          ['Evidence', <Identifier key="hash" value={evidence_hash} what="evidence hash" keep={24} />],
        ]}
      />
      <Row justify="flex-end" gap={8}>
        <ButtonLink to="/groups/$slug/history" params={{ slug: group.slug }} variant="default" size="sm">
          See the history
        </ButtonLink>
        <Button size="sm" onClick={close}>
          Back to the comparison
        </Button>
      </Row>
    </Stack>
  );
}
