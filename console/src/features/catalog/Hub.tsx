import { Table, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconCube, IconFileImport, IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';

import { ScrollX } from '@/components/ScrollX';
import { ButtonLink } from '@/components/ButtonLink';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { Answer, Empty, Loading, Status } from '@/components/States';
import { Ago } from '@/components/Time';
import { plural } from '@/components/format';
import { NeedsAttention } from '@/features/catalog/NeedsAttention';
import { GroupCards } from '@/features/groups/GroupCards';
import { isHaltedFor } from '@/features/groups/halted';
import { trpc } from '@/rpc/client';
import type { Model } from '@/rpc/types';

const route = getRouteApi('/signed-in/');

/** The front page: what is serving, and every model. */
export function Hub() {
  const { search } = route.useSearch();
  const models = useQuery(trpc.models.list.queryOptions({ search: search ?? null, limit: 500 }, { placeholderData: (old) => old }));
  return (
    <>
      <PageHead
        title="Hub"
        lede="What needs attention, which groups serve, and every model."
        actions={
          <>
            <ButtonLink to="/groups/new" variant="default" leftSection={<IconPlus size={14} />}>
              New group
            </ButtonLink>
            <ButtonLink to="/models/new" variant="default" leftSection={<IconPlus size={14} />}>
              New model
            </ButtonLink>
            <ButtonLink to="/import" leftSection={<IconFileImport size={14} />}>
              Import
            </ButtonLink>
          </>
        }
      />
      <NeedsAttention />
      <GroupCards />
      <Panel flush title="Models" note={models.data && plural(models.data.items.length, 'model')} aside={<Search initial={search ?? ''} />}>
        <Answer of={models} skeleton={<Loading rows={5} />}>
          {(page) => (page.items.length > 0 ? <ModelTable models={page.items} /> : <NoModels searched={search !== undefined} />)}
        </Answer>
      </Panel>
    </>
  );
}

function Search({ initial }: { initial: string }) {
  const navigate = route.useNavigate();
  const go = useDebouncedCallback((value: string) => void navigate({ search: { search: value === '' ? undefined : value }, replace: true }), 200);
  return (
    <TextInput
      type="search"
      size="xs"
      w={240}
      maw="100%"
      aria-label="Search models"
      placeholder="Search by name"
      defaultValue={initial}
      onChange={(event) => go(event.currentTarget.value)}
      leftSection={<IconSearch size={14} aria-hidden="true" />}
    />
  );
}

function NoModels({ searched }: { searched: boolean }) {
  if (searched) return <Empty title="No model matches">Search looks at names and slugs. Try a part of the name.</Empty>;
  return (
    <Empty
      icon={<IconCube size={30} />}
      title="No models yet"
      action={
        <ButtonLink to="/import" leftSection={<IconFileImport size={14} />}>
          Import a document
        </ButtonLink>
      }
    >
      Import a file that your tool wrote about a model. You review how it was read before it is saved. Then upload its artifact.
    </Empty>
  );
}

function ModelTable({ models }: { models: Model[] }) {
  return (
    <ScrollX label="Models">
      <Table highlightOnHover miw={680}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Model</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Serving</Table.Th>
            <Table.Th className="right">Versions</Table.Th>
            <Table.Th>Latest</Table.Th>
            <Table.Th>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {models.map((model) => (
            <Table.Tr key={model.id}>
              <Table.Td>
                <Link to="/models/$slug" params={{ slug: model.slug }} className="link" style={{ fontWeight: 550 }}>
                  {model.name}
                </Link>
                {model.description && <div className="hint" style={{ maxWidth: '52ch' }}>{model.description}</div>}
              </Table.Td>
              <Table.Td>
                <ModelStatus model={model} />
              </Table.Td>
              <Table.Td>
                <Serving model={model} />
              </Table.Td>
              <Table.Td className="right">{model.versions}</Table.Td>
              <Table.Td>{model.latest_version ? <code>{model.latest_version}</code> : <span className="hint">none</span>}</Table.Td>
              <Table.Td>
                <Ago at={model.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

/** A model's status in one word, from where it serves, and whether that is halted. */
export function ModelStatus({ model }: { model: Model }) {
  const groups = useQuery({ ...trpc.groups.list.queryOptions(), staleTime: 5_000 });
  const halted = model.serving.filter((place) => groups.data?.some((group) => group.slug === place.group_slug && isHaltedFor(group, model.slug)));
  const answering = model.serving.filter((place) => place.role !== 'shadow');
  if (answering.length > 0 && answering.every((place) => halted.includes(place))) return <Status tone="bad">Halted</Status>;
  if (halted.length > 0) return <Status tone="bad">Halted in {plural(halted.length, 'group')}</Status>;
  if (model.serving.some((place) => place.role !== 'shadow')) return <Status tone="ok">Serving</Status>;
  if (model.serving.length > 0) return <Status tone="info">Shadowing</Status>;
  if (model.versions > 0) return <Status tone="info">Not serving</Status>;
  return <Status tone="warn">No version</Status>;
}

function Serving({ model }: { model: Model }) {
  if (model.serving.length === 0) return <span className="hint">in no group</span>;
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap: 4 }}>
      {model.serving.map((place) => (
        <span key={place.group_slug + place.version} style={{ display: 'flex', gap: 7, alignItems: 'center', flexWrap: 'wrap' }}>
          <RoleBadge role={place.role} label={place.version} />
          <Link to="/groups/$slug" params={{ slug: place.group_slug }} className="link">
            {place.group_name}
          </Link>
        </span>
      ))}
    </div>
  );
}
