import { Autocomplete, Button, Group as Row, NumberInput, Select, Stack, Table, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton, IconButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Failure } from '@/components/States';
import { useWhyNot } from '@/features/access/powers';
import type { GroupDecisions, ValueEntry, ValueTable } from '@/features/decisions/types';
import { queryClient, trpc } from '@/rpc/client';

const FIRST: ValueTable = {
  currency: 'EUR',
  lowest: -500,
  highest: 100,
  entries: [
    { decision: 'approve', outcome: 'good', worth: { constant: 100, column: null, factor: null } },
    { decision: 'approve', outcome: 'bad', worth: { constant: -500, column: null, factor: null } },
    { decision: 'decline', outcome: 'any', worth: { constant: 0, column: null, factor: null } },
  ],
};
const OUTCOMES = [
  { value: 'any', label: 'any outcome' },
  { value: 'good', label: 'outcome 0, good' },
  { value: 'bad', label: 'outcome 1, bad' },
];
const numberOf = (value: string | number) => (typeof value === 'number' ? value : 0);

/** What each decision is worth with each outcome. */
export function ValueTablePanel({ decisions }: { decisions: GroupDecisions }) {
  const { slug, value_table: kept } = decisions;
  const [table, setTable] = useState(kept ?? FIRST);
  const barred = useWhyNot('decision:group:write', 'changing a value table');
  const save = useMutation(
    trpc.decisions.setValueTable.mutationOptions({
      onSuccess: (found) => {
        queryClient.setQueryData(trpc.decisions.get.queryKey({ slug }), found);
        notifications.show({ title: 'Saved', message: 'The change is in the audit log.', color: 'pine' });
      },
    }),
  );
  const unchanged = kept !== null && JSON.stringify(kept) === JSON.stringify(table);
  const put = (at: number, entry: ValueEntry) => setTable({ ...table, entries: table.entries.map((one, i) => (i === at ? entry : one)) });
  return (
    <Panel title="Value table" note={kept ? `in ${kept.currency}` : 'none yet; this one is a proposal'}>
      <Stack gap={16}>
        <Row gap={12} align="flex-end">
          <TextInput size="xs" w={90} label="Currency" value={table.currency} maxLength={3} onChange={(e) => setTable({ ...table, currency: e.currentTarget.value.toUpperCase() })} />
          <NumberInput size="xs" w={130} label="Lowest value" value={table.lowest} onChange={(value) => setTable({ ...table, lowest: numberOf(value) })} />
          <NumberInput size="xs" w={130} label="Highest value" value={table.highest} onChange={(value) => setTable({ ...table, highest: numberOf(value) })} />
        </Row>
        <ScrollX label="Entries of the value table">
          <Table miw={640}>
            <caption className="visually-hidden">What each decision is worth with each outcome</caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Decision</Table.Th>
                <Table.Th>With</Table.Th>
                <Table.Th>Amount, or factor</Table.Th>
                <Table.Th>times the input</Table.Th>
                <Table.Th>
                  <span className="visually-hidden">Remove</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {table.entries.map((entry, at) => (
                <Entry key={at} at={at} entry={entry} names={decisions.decisions} put={put} remove={() => setTable({ ...table, entries: table.entries.filter((_, i) => i !== at) })} last={table.entries.length < 2} />
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
        <p className="hint" style={{ margin: 0 }}>
          A decision that hides its outcome has one worth, for any outcome: what never becomes known cannot be counted. Values are cut at the lowest and the highest.
        </p>
        {save.error && <Failure error={save.error} title="Nothing has changed" />}
        <Row gap={12}>
          <Button variant="subtle" leftSection={<IconPlus size={13} />} onClick={() => setTable({ ...table, entries: [...table.entries, { decision: 'refer', outcome: 'any', worth: { constant: 0, column: null, factor: null } }] })}>
            Add an entry
          </Button>
          <ActionButton size="sm" why={barred ?? (unchanged ? 'Nothing to save.' : null)} loading={save.isPending} onClick={() => save.mutate({ slug, table })}>
            Save the value table
          </ActionButton>
        </Row>
      </Stack>
    </Panel>
  );
}

interface EntryProps {
  at: number;
  entry: ValueEntry;
  names: string[];
  put: (at: number, entry: ValueEntry) => void;
  remove: () => void;
  last: boolean;
}

function Entry({ at, entry, names, put, remove, last }: EntryProps) {
  const nth = (at + 1).toString();
  const amount = entry.worth.column === null ? entry.worth.constant : entry.worth.factor;
  const worth = (value: number, column: string) => (column === '' ? { constant: value, column: null, factor: null } : { constant: null, column, factor: value });
  return (
    <Table.Tr>
      <Table.Td>
        <Autocomplete size="xs" aria-label={`Decision of entry ${nth}`} data={names} value={entry.decision} onChange={(decision) => put(at, { ...entry, decision })} />
      </Table.Td>
      <Table.Td>
        <Select size="xs" aria-label={`Outcome of entry ${nth}`} data={OUTCOMES} value={entry.outcome} allowDeselect={false} onChange={(value) => put(at, { ...entry, outcome: (value ?? 'any') as ValueEntry['outcome'] })} />
      </Table.Td>
      <Table.Td>
        <NumberInput size="xs" aria-label={`Amount of entry ${nth}`} value={amount ?? 0} onChange={(value) => put(at, { ...entry, worth: worth(numberOf(value), entry.worth.column ?? '') })} />
      </Table.Td>
      <Table.Td>
        <TextInput size="xs" aria-label={`Input of entry ${nth}`} placeholder="none: a constant" value={entry.worth.column ?? ''} onChange={(e) => put(at, { ...entry, worth: worth(amount ?? 0, e.currentTarget.value.trim()) })} />
      </Table.Td>
      <Table.Td>
        <IconButton variant="subtle" color="gray" aria-label={`Remove entry ${nth}`} why={last ? 'A table has at least one entry.' : null} onClick={remove}>
          <IconX size={14} />
        </IconButton>
      </Table.Td>
    </Table.Tr>
  );
}
