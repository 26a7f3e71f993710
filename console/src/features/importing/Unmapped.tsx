import { Select, Table } from '@mantine/core';

import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Empty } from '@/components/States';
import { plural } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import { LISTS, options, PLACES, suggested, type Place, type Rule } from '@/features/importing/places';
import type { Revise } from '@/features/importing/types';
import { say } from '@/features/importing/words';
import type { ImportDraft } from '@/rpc/types';

const SHOWN = 300;

/** What the file says and the document does not. A value, or a whole list at once, is given a place. */
export function Unmapped({ draft, revise, busy }: { draft: ImportDraft; revise: Revise; busy: boolean }) {
  const take = (rule: Rule) => revise({ mapping: [...draft.mapping, rule] });
  if (draft.unmapped.length === 0) return <Panel><Empty title="Every value has its place">The document has all that the file says.</Empty></Panel>;
  return (
    <Panel title="Not mapped" note="kept with the version as they are, so that nothing is lost" flush>
      <ScrollX label="Values that found no place">
        <Table miw={680}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>In the file</Table.Th>
              <Table.Th>Value</Table.Th>
              <Table.Th>Put it at</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {listsOf(draft.unmapped).map(({ pointer, values }) => (
              <Table.Tr key={`${pointer}/*`}>
                <Table.Td><code>{pointer || '/'}</code></Table.Td>
                <Table.Td className={css.value}>{plural(values.length, 'value')}: {say(values.slice(0, 6).map(say).join(', '))}</Table.Td>
                <Table.Td><Picker of={pointer} places={LISTS} first={[]} busy={busy} take={take} /></Table.Td>
              </Table.Tr>
            ))}
            {draft.unmapped.slice(0, SHOWN).map((leaf) => (
              <Table.Tr key={leaf.pointer}>
                <Table.Td><code>{leaf.pointer}</code></Table.Td>
                <Table.Td className={css.value}>{say(leaf.value)}</Table.Td>
                <Table.Td><Picker of={leaf.pointer} places={PLACES} first={suggested(leaf.pointer)} busy={busy} take={take} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {draft.unmapped.length > SHOWN && <p className={`hint ${css.more ?? ''}`}>The first {SHOWN} of {draft.unmapped.length}; all of them are kept.</p>}
    </Panel>
  );
}

/** Lists of plain values, all without a place in the document. */
function listsOf(unmapped: ImportDraft['unmapped']) {
  const found = new Map<string, unknown[]>();
  for (const { pointer, value } of unmapped) {
    const parent = /^(.*)\/\d+$/.exec(pointer)?.[1];
    if (parent !== undefined) found.set(parent, [...(found.get(parent) ?? []), value]);
  }
  return [...found].filter(([, values]) => values.length > 1).map(([pointer, values]) => ({ pointer, values }));
}

function Picker({ of, places, first, busy, take }: { of: string; places: Place[]; first: Place[]; busy: boolean; take: (rule: Rule) => void }) {
  return (
    <Select
      aria-label={`Place of ${of || 'the file'} in the document`}
      placeholder={first[0] ? `${first[0].label}?` : 'Search a place'}
      searchable
      clearable
      readOnly={busy}
      maw={280}
      value={null}
      data={options(places, first)}
      onChange={(id) => {
        const chosen = places.find((place) => place.id === id);
        if (chosen) take(chosen.rule(of));
      }}
      nothingFoundMessage="No such place. The rules take any pointer."
    />
  );
}
