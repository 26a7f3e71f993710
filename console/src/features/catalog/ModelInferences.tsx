import { Select } from '@mantine/core';
import { IconZoomQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { Panel } from '@/components/Panel';
import { Answer, Empty } from '@/components/States';
import { InferenceBrowser } from '@/features/inference/InferenceBrowser';
import { trpc } from '@/rpc/client';

const route = getRouteApi('/signed-in/models/$slug/inferences');

/** What a model's versions have answered, by the group they answered in. */
export function ModelInferences() {
  const { slug } = route.useParams();
  const { group, ...filter } = route.useSearch();
  const navigate = route.useNavigate();
  const model = useQuery(trpc.models.get.queryOptions({ slug }));
  return (
    <Answer of={model}>
      {({ serving }) => {
        const groups = [...new Map(serving.map((s) => [s.group_slug, s.group_name]))].map(([value, label]) => ({ value, label }));
        const chosen = groups.find((g) => g.value === group) ?? groups[0];
        if (!chosen) {
          return (
            <Panel>
              <Empty icon={<IconZoomQuestion size={30} />} title="This model answers no requests yet">
                Put one of its versions in a group. Its answers are listed here, each with its explanation.
              </Empty>
            </Panel>
          );
        }
        const labels = serving.filter((s) => s.group_slug === chosen.value).map((s) => s.version);
        return (
          <>
            {groups.length > 1 && (
              <Select mb={12} maw={360} aria-label="Group" data={groups} value={chosen.value} allowDeselect={false} onChange={(v) => v && void navigate({ search: { group: v } })} />
            )}
            <InferenceBrowser
              slug={chosen.value}
              filter={filter}
              versions={labels}
              change={(part, replace) => void navigate({ search: (old) => ({ ...old, ...part }), replace: replace ?? false })}
            />
          </>
        );
      }}
    </Answer>
  );
}
