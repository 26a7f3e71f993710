import { ActionIcon, Button, Group as Row, NumberInput, Select, Table } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';

import { ScrollX } from '@/components/ScrollX';
import { ROLE_WORDS, RoleBadge } from '@/components/Roles';
import { SplitBar } from '@/components/SplitBar';
import { Failure, Status } from '@/components/States';
import { share } from '@/components/format';
import { useReadyVersions } from '@/features/catalog/useReadyVersions';
import css from '@/features/groups/groups.module.css';
import { type Draft, draft, evenly, restToChampion, total } from '@/features/groups/members';
import type { MemberRole, Version } from '@/rpc/types';

const ROLES = (Object.keys(ROLE_WORDS) as MemberRole[]).map((value) => ({ value, label: ROLE_WORDS[value] }));

/** A group's members with role and share; used to create a group and to change its split. */
export function MembersEditor({ rows, change }: { rows: Draft[]; change: (rows: Draft[]) => void }) {
  const { versions, error, pending } = useReadyVersions();
  const set = (key: string, part: Partial<Draft>) => change(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const sum = total(rows);
  const label = (id: string | null) => versions.find((v) => v.id === id)?.label ?? 'not chosen';
  return (
    <div>
      {error !== null && <Failure error={error} title="The versions cannot be listed" />}
      <SplitBar members={rows.map((r) => ({ label: label(r.version_id), role: r.role, share: r.role === 'shadow' ? 0 : r.percent * 100 }))} height={12} />
      <ScrollX label="Versions and shares">
        <Table className={css.editor} mt={10} miw={600} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th w={150}>Role</Table.Th>
              <Table.Th w={130}>Share</Table.Th>
              <Table.Th w={40}>
                <span className="visually-hidden">Remove</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row, i) => (
              <EditorRow key={row.key} row={row} nth={i + 1} versions={versions} pending={pending} set={(part) => set(row.key, part)} remove={rows.length > 1 ? () => change(rows.filter((r) => r.key !== row.key)) : null} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <Row gap={8} mt={8}>
        <Button variant="default" leftSection={<IconPlus size={14} />} onClick={() => change([...rows, draft()])}>
          Add a version
        </Button>
        <Button variant="subtle" color="gray" onClick={() => change(restToChampion(rows))}>
          Rest to the champion
        </Button>
        <Button variant="subtle" color="gray" onClick={() => change(evenly(rows))}>
          Share evenly
        </Button>
        <span style={{ marginLeft: 'auto' }} role="status">
          {sum === 10_000 ? <Status tone="ok">100 % shared</Status> : <Status tone="warn">{share(sum)} shared</Status>}
        </span>
      </Row>
    </div>
  );
}

interface RowProps {
  row: Draft;
  nth: number;
  versions: Version[];
  pending: boolean;
  set: (part: Partial<Draft>) => void;
  remove: (() => void) | null;
}

function EditorRow({ row, nth, versions, pending, set, remove }: RowProps) {
  const models = [...new Set(versions.map((v) => v.model_name))].sort();
  return (
    <Table.Tr>
      <Table.Td>
        <Select
          aria-label={`Version ${nth.toString()}`}
          placeholder={pending ? 'Loading versions' : 'Choose a version'}
          nothingFoundMessage="No version is ready: upload an artifact to one first"
          searchable
          value={row.version_id}
          data={models.map((group) => ({ group, items: versions.filter((v) => v.model_name === group).map((v) => ({ value: v.id, label: `${v.model_name} ${v.label}` })) }))}
          onChange={(version_id) => set({ version_id })}
        />
      </Table.Td>
      <Table.Td>
        <Select
          aria-label={`Role of version ${nth.toString()}`}
          allowDeselect={false}
          value={row.role}
          data={ROLES}
          onChange={(role) => role && set({ role: role })}
          renderOption={({ option }) => <RoleBadge role={option.value} />}
        />
      </Table.Td>
      <Table.Td>
        {row.role === 'shadow' ? (
          <span className="hint">copies of requests</span>
        ) : (
          <NumberInput aria-label={`Share of version ${nth.toString()}`} suffix=" %" min={0} max={100} decimalScale={2} step={5} value={row.percent} onChange={(v) => set({ percent: typeof v === 'number' ? v : 0 })} />
        )}
      </Table.Td>
      <Table.Td>
        {remove && (
          <ActionIcon aria-label={`Remove version ${nth.toString()}`} onClick={remove}>
            <IconTrash size={15} />
          </ActionIcon>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
