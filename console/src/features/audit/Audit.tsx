import { Button, Table, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconShieldCheck } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Fragment, useState } from 'react';

import { ScrollX } from '@/components/ScrollX';
import { CodeBlock, Identifier } from '@/components/Copy';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Answer, Empty } from '@/components/States';
import { when } from '@/components/format';
import { Verify } from '@/features/audit/Verify';
import { trpc } from '@/rpc/client';
import type { AuditEntry } from '@/rpc/types';

const route = getRouteApi('/signed-in/settings/audit');

/** Every change, in a chain of hashes that can be checked. */
export function Audit() {
  const { subject, action } = route.useSearch();
  const log = useInfiniteQuery(trpc.audit.list.infiniteQueryOptions({ subject: subject ?? null, action: action ?? null, limit: 100 }, { getNextPageParam: (page) => page.next_cursor, placeholderData: (old) => old }));
  const entries = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title="Audit log" lede="Append-only. Each entry contains the hash of the entry before it, so any change can be detected." />
      <Verify />
      <Panel flush title="Entries" aside={<Filters subject={subject ?? ''} action={action ?? ''} />}>
        <Answer of={log}>
          {() =>
            entries.length === 0 ? (
              <Empty icon={<IconShieldCheck size={30} />} title="No entries">Nothing matches. The filters match the beginning of a subject or an action.</Empty>
            ) : (
              <>
                <Entries entries={entries} />
                {log.hasNextPage && (
                  <div style={{ padding: 14, textAlign: 'center' }}>
                    <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>Show older entries</Button>
                  </div>
                )}
              </>
            )
          }
        </Answer>
      </Panel>
    </>
  );
}

function Filters({ subject, action }: { subject: string; action: string }) {
  const navigate = route.useNavigate();
  const go = useDebouncedCallback((part: { subject?: string; action?: string }) => {
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  }, 250);
  return (
    <span style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
      <TextInput size="xs" aria-label="Filter by subject" placeholder="Subject begins with" defaultValue={subject} onChange={(e) => go({ subject: e.currentTarget.value || undefined })} />
      <TextInput size="xs" aria-label="Filter by action" placeholder="Action begins with" defaultValue={action} onChange={(e) => go({ action: e.currentTarget.value || undefined })} />
    </span>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  const [opened, setOpened] = useState<number | null>(null);
  return (
    <ScrollX label="Entries">
      <Table miw={820}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="right" w={64}>No.</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>Action</Table.Th>
            <Table.Th>Subject</Table.Th>
            <Table.Th>Hash</Table.Th>
            <Table.Th><span className="visually-hidden">Details</span></Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((e) => (
            <Fragment key={e.seq}>
              <Table.Tr>
                <Table.Td className="right">{e.seq}</Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}>{when(e.at)}</Table.Td>
                <Table.Td>{e.actor}</Table.Td>
                <Table.Td style={{ whiteSpace: 'nowrap' }}><code>{e.action}</code></Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{e.subject}</Table.Td>
                <Table.Td><Identifier value={e.hash} what={`hash of entry ${e.seq.toString()}`} /></Table.Td>
                <Table.Td className="right">
                  <Button variant="subtle" color="gray" aria-expanded={opened === e.seq} onClick={() => setOpened(opened === e.seq ? null : e.seq)}>
                    {opened === e.seq ? 'Hide' : 'Show'}
                    <span className="visually-hidden">&nbsp;what changed in entry {e.seq}</span>
                  </Button>
                </Table.Td>
              </Table.Tr>
              {opened === e.seq && (
                <Table.Tr>
                  <Table.Td colSpan={7}>
                    <CodeBlock what={`entry ${e.seq.toString()}`} code={JSON.stringify({ before: e.before, after: e.after, prev_hash: e.prev_hash }, null, 2)} />
                  </Table.Td>
                </Table.Tr>
              )}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
