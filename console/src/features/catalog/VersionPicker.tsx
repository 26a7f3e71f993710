import { Select } from '@mantine/core';
import { IconFileDescription } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ButtonLink } from '@/components/ButtonLink';
import { Answer, Empty, Loading } from '@/components/States';
import { trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';

interface PickerProps {
  slug: string;
  chosen: string | undefined;
  choose: (version: string | undefined) => void;
  children: (version: Version, picker: ReactNode) => ReactNode;
}

const byNewest = (a: Version, b: Version) => b.created_at.localeCompare(a.created_at);

/** Shows one version of a model: the one in the address, else the champion, else the newest. */
export function VersionPicker({ slug, chosen, choose, children }: PickerProps) {
  const versions = useQuery(trpc.models.versions.queryOptions({ slug }));
  return (
    <Answer of={versions} skeleton={<Loading rows={3} height={110} />}>
      {(all) => {
        const sorted = [...all].sort(byNewest);
        const shown = sorted.find((v) => v.version === chosen) ?? sorted.find((v) => v.serving.some((s) => s.role === 'champion')) ?? sorted[0];
        if (!shown) return <NoVersions slug={slug} />;
        return children(
          shown,
          <Select size="xs" w={190} aria-label="Version" allowDeselect={false} value={shown.version} data={sorted.map((v) => ({ value: v.version, label: `${v.label}${v.serving[0] ? ` · ${v.serving[0].role}` : ` · ${v.state}`}` }))} onChange={(v) => choose(v ?? undefined)} />,
        );
      }}
    </Answer>
  );
}

function NoVersions({ slug }: { slug: string }) {
  return (
    <Empty
      icon={<IconFileDescription size={30} />}
      title="No version yet"
      action={
        <ButtonLink to="/models/$slug/versions/new" params={{ slug }}>
          Add the first version
        </ButtonLink>
      }
    >
      A version is a document that describes the model, and the artifact that is served.
    </Empty>
  );
}
