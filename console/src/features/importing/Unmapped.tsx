import { Button, Select, Table } from '@mantine/core';
import { useMemo, useState } from 'react';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Empty } from '@/components/States';
import { plural } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import { LISTS, options, placeById, PLACES, type Place, type Rule, suggested } from '@/features/importing/places';
import type { Revise } from '@/features/importing/types';
import { say } from '@/features/importing/words';
import type { ImportDraft } from '@/rpc/types';

const SHOWN = 300;
type Leaf = ImportDraft['unmapped'][number];

/** Values of the file that the document lacks. A person gives a value, or a whole list at once, a place. */
export function Unmapped({ draft, revise, busy }: { draft: ImportDraft; revise: Revise; busy: boolean }) {
  const [each, setEach] = useState(false);
  const lists = useMemo(() => listsOf(draft.unmapped), [draft.unmapped]);
  const take = (rule: Rule) => revise({ mapping: [...draft.mapping, rule] });
  if (draft.unmapped.length === 0) return <Panel><Empty title="Every value has its place">The document has all that the file says.</Empty></Panel>;
  const listed = new Set(lists.flatMap((one) => one.leaves));
  const singles = each ? draft.unmapped : draft.unmapped.filter((leaf) => !listed.has(leaf));
  return (
    <Panel
      title="Not mapped"
      note="saved unchanged with the version, so that nothing is lost. Give a value its place"
      flush
      aside={lists.length > 0 && <Button variant="subtle" color="gray" aria-pressed={each} onClick={() => setEach(!each)}>{each ? 'Show lists whole' : 'Show each value'}</Button>}
    >
      <ScrollX label="Values without a place">
        <Table miw={680}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>In the file</Table.Th>
              <Table.Th>Value</Table.Th>
              <Table.Th w={320}>Put it at</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lists.map(({ name, source, leaves }) => (
              <Table.Tr key={source}>
                <Table.Td><code>{name || '/'}</code></Table.Td>
                <Table.Td className={css.value}>{plural(leaves.length, 'value')}: {say(leaves.slice(0, 6).map((leaf) => say(leaf.value)).join(', '))}</Table.Td>
                <Table.Td><Picker name={name} source={source} places={LISTS} first={[]} busy={busy} take={take} /></Table.Td>
              </Table.Tr>
            ))}
            {singles.slice(0, SHOWN).map((leaf) => (
              <Table.Tr key={leaf.pointer}>
                <Table.Td><code>{leaf.pointer}</code></Table.Td>
                <Table.Td className={css.value}>{say(leaf.value)}</Table.Td>
                <Table.Td><Picker name={leaf.pointer} source={leaf.pointer} places={PLACES} first={suggested(leaf.pointer, leaf.value)} busy={busy} take={take} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {singles.length > SHOWN && <p className={`hint ${css.more ?? ''}`}>The first {SHOWN} of {singles.length}; all of them are saved.</p>}
    </Panel>
  );
}

interface List {
  /** The list, or one field of a list of objects. */
  name: string;
  /** The same with a star for the index. */
  source: string;
  leaves: Leaf[];
}

/** Lists of plain values, and fields of each object of a list, that have no place yet. */
function listsOf(unmapped: readonly Leaf[]): List[] {
  const found = new Map<string, List>();
  for (const leaf of unmapped) {
    const plain = /^(.*)\/\d+$/.exec(leaf.pointer)?.[1];
    const field = /^(.*)\/\d+(\/[^/]+)$/.exec(leaf.pointer);
    const source = plain !== undefined ? `${plain}/*` : field ? `${field[1] ?? ''}/*${field[2] ?? ''}` : null;
    if (source === null) continue;
    const list = found.get(source) ?? { name: plain ?? source, source, leaves: [] };
    list.leaves.push(leaf);
    found.set(source, list);
  }
  return [...found.values()].filter(({ leaves }) => leaves.length > 1);
}

interface PickerProps {
  name: string;
  source: string;
  places: Place[];
  first: Place[];
  busy: boolean;
  take: (rule: Rule) => void;
}

/** A searchable list of places. A name outside of the list becomes a metric's name. */
function Picker({ name, source, places, first, busy, take }: PickerProps) {
  const [typed, setTyped] = useState('');
  return (
    <Select
      aria-label={`Place of ${name || 'the file'} in the document`}
      placeholder={first[0] ? `${first[0].label}?` : places === PLACES ? 'Search, or type a metric’s name' : 'Search a place'}
      searchable
      clearable
      readOnly={busy}
      maw={300}
      value={null}
      searchValue={typed}
      onSearchChange={setTyped}
      data={options(places, first, typed.trim())}
      onChange={(id) => {
        const chosen = id === null ? undefined : (first.find((place) => place.id === id) ?? placeById(places, id));
        if (chosen) take(chosen.rule(source));
      }}
      nothingFoundMessage="No such place. Rules accept any pointer."
    />
  );
}
