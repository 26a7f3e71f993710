import { Group as Row, Radio, Select, Stack, Switch, Table } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { ScrollX } from '@/components/ScrollX';
import { Answer, Failure, Notice } from '@/components/States';
import { when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { useMay } from '@/features/access/session';
import { type Level, LEVELS, stricterThan } from '@/features/importing/levels';
import { ShownExample } from '@/features/importing/ShownExample';
import { SETTINGS } from '@/nav';
import { queryClient, trpc } from '@/rpc/client';
import type { Outputs } from '@/rpc/types';

type Sharing = Outputs['imports']['sharing'];

/** The parts of a file that the tenant shows to language models. */
export function SharingSettings() {
  const sharing = useQuery(trpc.imports.sharing.queryOptions());
  return (
    <>
      <PageHead
        title="Language models"
        lede="When the hub does not recognise a key of an imported file, it can ask a language model through a connector. You choose how much of the file the model sees. Nothing else is sent, and the sent text is stored with the import."
      />
      <Answer of={sharing}>{(data) => <Choice key={data.agreed_at ?? ''} now={data} />}</Answer>
    </>
  );
}

function Choice({ now }: { now: Sharing }) {
  const barred = useWhyNot('connector:connector:manage', 'changing what is shown');
  const [shows, setShows] = useState<Level>(now.shows);
  const [words, setWords] = useState(now.short_words);
  const [stricter, setStricter] = useState(now.stricter);
  const save = useMutation(
    trpc.imports.setSharing.mutationOptions({
      onSuccess: (saved) => {
        queryClient.setQueryData(trpc.imports.sharing.queryKey(), saved);
        notifications.show({ title: 'Saved', message: 'The choice is in force and in the audit log.', color: 'pine' });
      },
    }),
  );
  const unchanged = shows === now.shows && words === now.short_words && JSON.stringify(stricter) === JSON.stringify(now.stricter);
  return (
    <Stack gap={14}>
      <Agreement now={now} />
      <Panel title="What a language model sees">
        <Stack gap={18}>
          <Radio.Group aria-label="What a language model sees" value={shows} onChange={(value) => setShows(value)}>
            <Stack gap={12}>
              {LEVELS.map((one) => (
                <Radio key={one.value} value={one.value} label={one.value === 'keys' ? `${one.label} (default)` : one.label} description={one.about} />
              ))}
            </Stack>
          </Radio.Group>
          {shows === 'keys' && (
            <Switch
              label="Show short words too"
              description="Short lower-case values under headings such as type, algorithm and split, for example lightgbm. No other value."
              checked={words}
              onChange={(e) => setWords(e.currentTarget.checked)}
            />
          )}
        </Stack>
      </Panel>
      <ShownExample shows={shows} words={words && shows === 'keys'} />
      <Stricter shows={shows} stricter={stricter} change={setStricter} />
      {save.isError && <Failure error={save.error} title="Nothing has changed" />}
      <Row gap={12}>
        <ActionButton
          size="sm"
          why={barred ?? (unchanged && now.agreed_at !== null ? 'Nothing to save.' : null)}
          loading={save.isPending}
          onClick={() => save.mutate({ shows, short_words: words && shows === 'keys', stricter: kept(stricter, shows) })}
        >
          {now.agreed_at === null ? 'Agree and save' : 'Save'}
        </ActionButton>
      </Row>
    </Stack>
  );
}

/** Connectors with a level no stricter than the tenant's need no separate line. */
const kept = (stricter: Sharing['stricter'], shows: Level) => Object.fromEntries(Object.entries(stricter).filter(([, level]) => stricterThan(shows).some((one) => one.value === level)));

function Agreement({ now }: { now: Sharing }) {
  if (now.agreed_at) {
    return (
      <Notice tone="info">
        Chosen by {now.agreed_by}, {when(now.agreed_at)}.
      </Notice>
    );
  }
  return <Notice tone="warn">Nobody has agreed yet. Nothing is sent to a language model until somebody saves this page, or sends the text in the review of an import.</Notice>;
}

interface StricterProps {
  shows: Level;
  stricter: Sharing['stricter'];
  change: (stricter: Sharing['stricter']) => void;
}

/** Single connectors with a stricter level than the rest. */
function Stricter({ shows, stricter, change }: StricterProps) {
  const may = useMay('connector:connector:read');
  const connectors = useQuery({ ...trpc.connectors.list.queryOptions(), enabled: may });
  const less = stricterThan(shows);
  const set = (id: string, level: string | null) => change({ ...Object.fromEntries(Object.entries(stricter).filter(([one]) => one !== id)), ...(level ? { [id]: level as Level } : {}) });
  if (!may) return null;
  return (
    <Panel title="Stricter for single connectors" note="a connector never sees more than the level above" flush={less.length > 0 && (connectors.data?.length ?? 0) > 0}>
      <Answer of={connectors}>
        {(all) => {
          if (all.length === 0) {
            return (
              <p className="hint" style={{ margin: 0 }}>
                There is no connector yet. <Link to={SETTINGS.connectors.path} className="link">Add one</Link> to have a language model help with imports.
              </p>
            );
          }
          if (less.length === 0) return <p className="hint" style={{ margin: 0 }}>The level above is already the strictest.</p>;
          return (
            <ScrollX label="Connectors">
              <Table miw={480}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Connector</Table.Th>
                    <Table.Th>Sees</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Td>
                        {one.name}
                        <div className="hint" style={{ overflowWrap: 'anywhere' }}>{one.base_url}</div>
                      </Table.Td>
                      <Table.Td>
                        <Select
                          aria-label={`What ${one.name} sees`}
                          placeholder="As chosen above"
                          clearable
                          clearButtonProps={{ 'aria-label': `Use the level above for ${one.name}` }}
                          maw={260}
                          data={less.map(({ value, label }) => ({ value, label }))}
                          value={less.some((level) => level.value === stricter[one.id]) ? (stricter[one.id] ?? null) : null}
                          onChange={(level) => set(one.id, level)}
                        />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollX>
          );
        }}
      </Answer>
    </Panel>
  );
}
