import { Button } from '@mantine/core';
import { IconRefresh, IconZoomQuestion } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { Panel } from '@/components/Panel';
import { Answer, Empty, Loading } from '@/components/States';
import { count } from '@/components/format';
import { ExportMenu } from '@/features/inference/ExportMenu';
import { InferenceDrawer } from '@/features/inference/InferenceDrawer';
import { InferenceFilters, isFiltered } from '@/features/inference/InferenceFilters';
import { InferenceList } from '@/features/inference/InferenceList';
import type { BrowserProps } from '@/features/inference/types';
import { trpc } from '@/rpc/client';
import type { InferenceFilter } from '@/rpc/types';

/** A group's log: filter, scroll, open one. The newest rows keep coming in while the list is at its top. */
export function InferenceBrowser({ slug, filter, versions, change }: BrowserProps) {
  const asked = useMemo<InferenceFilter>(() => {
    // Opening a row is not a new question.
    return { slug, limit: 200, ...filter, inference: undefined };
  }, [slug, filter]);
  const log = useInfiniteQuery(
    trpc.inference.browse.infiniteQueryOptions(asked, {
      getNextPageParam: (page) => page.next_cursor,
      placeholderData: (old) => old,
      refetchInterval: (query) => (query.state.data && query.state.data.pages.length > 1 ? false : 4_000),
    }),
  );
  const atTop = log.data === undefined || log.data.pages.length < 2;
  const rows = useMemo(() => log.data?.pages.flatMap((page) => page.items) ?? [], [log.data]);
  const filtered = isFiltered(filter);
  return (
    <Panel
      flush
      title="Inferences"
      note={log.data && `${count(rows.length)}${log.hasNextPage ? ' newest' : ''}`}
      aside={
        <span style={{ display: 'flex', gap: 8 }}>
          <Button variant="default" leftSection={<IconRefresh size={14} />} loading={log.isRefetching && !atTop} onClick={() => void log.refetch()}>
            Refresh
          </Button>
          <ExportMenu filter={asked} />
        </span>
      }
    >
      <InferenceFilters filter={filter} versions={versions} change={change} />
      <Answer of={log} skeleton={<Loading rows={8} height={28} />}>
        {() =>
          rows.length > 0 ? (
            <InferenceList
              rows={rows}
              opened={filter.inference ?? null}
              open={(id) => change({ inference: id })}
              more={log.hasNextPage && !log.isFetchingNextPage ? () => void log.fetchNextPage() : null}
              loading={log.isFetchingNextPage}
            />
          ) : (
            <Empty icon={<IconZoomQuestion size={30} />} title={filtered ? 'No inference matches' : 'No inferences yet'}>
              {filtered ? 'Search matches a whole inference id, entity key or correlation id. Widen a filter to see more.' : 'Send a first prediction: the Endpoint tab has a request to copy. Each answer appears here within a second.'}
            </Empty>
          )
        }
      </Answer>
      <InferenceDrawer slug={slug} id={filter.inference ?? null} close={() => change({ inference: undefined })} />
    </Panel>
  );
}
