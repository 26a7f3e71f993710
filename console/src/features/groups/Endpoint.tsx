import { SegmentedControl, Stack, Table } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { CodeBlock, Copy } from '@/components/Copy';
import { Facts } from '@/components/Kpi';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Failure, Loading } from '@/components/States';
import { plural } from '@/components/format';
import { type Input, inputsOf } from '@/features/groups/inputs';
import { outcomeRequest, predictRequest, type Language } from '@/features/groups/requests';
import { positiveIf } from '@/features/groups/positive';
import { SETTINGS } from '@/nav';
import { HUB_URL } from '@/rpc/base';
import { trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

const route = getRouteApi('/signed-in/groups/$slug/endpoint');

/** How to call the group, ready to paste. */
export function Endpoint() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }));
  return <Answer of={group}>{(data) => <Requests group={data} />}</Answer>;
}

function Requests({ group }: { group: Group }) {
  const versions = useQueries({ queries: group.phase.members.map((m) => trpc.models.version.queryOptions({ version_id: m.version_id })) });
  const failed = versions.find((one) => one.error);
  if (failed) return <Failure error={failed.error} retry={failed.refetch} title="The inputs of a version cannot be read" />;
  if (versions.some((one) => !one.data)) return <Loading rows={6} />;
  return <Snippets group={group} inputs={inputsOf(versions.flatMap((one) => one.data ?? []))} />;
}

/** Each snippet has the inputs of all versions. A request without a version's inputs would never reach it. */
function Snippets({ group, inputs }: { group: Group; inputs: Input[] }) {
  const [language, setLanguage] = useState<Language>('curl');
  const endpoint = new URL(group.endpoint, HUB_URL).href;
  return (
    <Stack gap={14}>
      <Panel title="Endpoint" aside={<SegmentedControl size="xs" value={language} onChange={(v) => setLanguage(v)} data={[{ value: 'curl', label: 'curl' }, { value: 'python', label: 'Python' }]} aria-label="Language" />}>
        <Stack gap={16}>
          <Facts
            of={[
              ['Predict', <span key="p"><code>POST {endpoint}</code> <Copy value={endpoint} what="endpoint" /></span>],
              ['Authorization', <span key="t">an API token with the scope <code>inference:group:predict</code>, created under <Link to={SETTINGS.tokens.path} className="link">API tokens</Link></span>],
              ['Log table', <span key="l"><code>{group.table_name}</code> <Copy value={group.table_name} what="table name" /></span>],
              ['Label', positiveIf(group.settings.positive_scores, group.threshold)],
            ]}
          />
          <div>
            <div className="eyebrow" style={{ marginBottom: 6 }}>Request a prediction</div>
            <CodeBlock code={predictRequest(language, endpoint, inputs)} what="prediction request" />
          </div>
          <div>
            <div className="eyebrow" style={{ marginBottom: 6 }}>Report the outcome later</div>
            <CodeBlock code={outcomeRequest(language, endpoint, group.slug)} what="outcome request" />
          </div>
          <p className="hint" style={{ margin: 0 }}>
            The same entity key always gets the same version. An answer is logged before it is sent; find it under Inferences by its inference id. Add <code>&quot;explain&quot;: true</code> to get the
            explanation with the answer; otherwise it follows within seconds.
          </p>
        </Stack>
      </Panel>
      <InputsTable group={group} inputs={inputs} />
    </Stack>
  );
}

function InputsTable({ group, inputs }: { group: Group; inputs: Input[] }) {
  const labels = group.phase.members.map((m) => m.label);
  return (
    <Panel flush title="Inputs" note={`${plural(inputs.length, 'input')} in all. A request that lacks an input of a challenger is answered by the champion instead.`}>
      <ScrollX label="Inputs of every version">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Input</Table.Th>
              <Table.Th>Type</Table.Th>
              <Table.Th>Read by</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {inputs.map(({ name, feature, readBy }) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" style={{ color: 'inherit', fontSize: 13 }}>{name}</Table.Th>
                <Table.Td>{feature ? feature.type : 'number'}{feature && !feature.required && <span className="hint"> optional</span>}</Table.Td>
                <Table.Td>{readBy.length === labels.length ? 'every version' : readBy.join(', ')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
    </Panel>
  );
}
