import { SegmentedControl, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { CodeBlock, Copy } from '@/components/Copy';
import { Facts } from '@/components/Kpi';
import { Panel } from '@/components/Panel';
import { Answer } from '@/components/States';
import { outcomeRequest, predictRequest, type Language } from '@/features/groups/requests';
import { trpc } from '@/rpc/client';
import type { Feature, Group } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/endpoint');

/** How to call the group, ready to paste. */
export function Endpoint() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return <Answer of={group}>{(data) => <Requests group={data} />}</Answer>;
}

function Requests({ group }: { group: Group }) {
  const [language, setLanguage] = useState<Language>('curl');
  const champion = group.phase.members.find((m) => m.role === 'champion');
  const version = useQuery({ ...trpc.models.version.queryOptions({ version_id: champion?.version_id ?? '' }), enabled: champion !== undefined });
  const features: Feature[] = version.data?.document.features.filter((f) => f.role === 'input') ?? [];
  const endpoint = new URL(group.endpoint, window.location.origin).href;
  return (
    <Stack gap={14}>
      <Panel title="Endpoint" aside={<SegmentedControl size="xs" value={language} onChange={(v) => setLanguage(v)} data={[{ value: 'curl', label: 'curl' }, { value: 'python', label: 'Python' }]} aria-label="Language" />}>
        <Stack gap={16}>
          <Facts
            of={[
              ['Predict', <span key="p"><code>POST {endpoint}</code> <Copy value={endpoint} what="endpoint" /></span>],
              ['Sign in with', <span key="t">an API token with the scope <code>inference:group:predict</code>, made under <Link to="/settings/tokens" className="link">API tokens</Link></span>],
              ['Log table', <span key="l"><code>{group.table_name}</code> <Copy value={group.table_name} what="table name" /></span>],
              ['Label', `positive at a score of ${group.threshold.toString()} or more`],
            ]}
          />
          <div>
            <div className="eyebrow" style={{ marginBottom: 6 }}>Ask for a prediction</div>
            <CodeBlock code={predictRequest(language, endpoint, features)} what="prediction request" />
          </div>
          <div>
            <div className="eyebrow" style={{ marginBottom: 6 }}>Tell what really happened, later</div>
            <CodeBlock code={outcomeRequest(language, window.location.origin, group.slug)} what="outcome request" />
          </div>
          <p className="hint" style={{ margin: 0 }}>
            The same entity key always meets the same version. An answer is on record before it leaves; its inference id finds it under Inferences. Add <code>&quot;explain&quot;: true</code> to have the
            explanation in the answer; without it, the explanation follows within seconds.
          </p>
        </Stack>
      </Panel>
    </Stack>
  );
}
