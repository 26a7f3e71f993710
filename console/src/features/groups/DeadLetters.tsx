import { Checkbox, Group as Row, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Answer, Failure } from '@/components/States';
import { bytes, count, plural, when } from '@/components/format';
import { useWhyNot } from '@/features/access/powers';
import { queryClient, trpc } from '@/rpc/client';

/** Entries that could not be stored, each with the reason, to replay or discard. */
export function DeadLetters({ slug }: { slug: string }) {
  const barred = useWhyNot('inference:letter:manage', 'replaying or discarding entries');
  const [chosen, setChosen] = useState<string[]>([]);
  const [reason, setReason] = useState('');
  const letters = useQuery(trpc.inference.deadLetters.queryOptions({ slug }, { refetchInterval: 5_000 }));
  const done = (what: string) => ({
    onSuccess: ({ moved }: { moved: number }) => {
      setChosen([]);
      setReason('');
      void queryClient.invalidateQueries({ queryKey: trpc.inference.deadLetters.queryKey() });
      notifications.show({ title: `${count(moved)} ${what}`, message: 'The change is in the audit log.', color: 'pine' });
    },
  });
  const replay = useMutation(trpc.inference.replayDeadLetters.mutationOptions(done('replayed')));
  const discard = useMutation(trpc.inference.discardDeadLetters.mutationOptions(done('discarded')));
  const toggle = (id: string) => setChosen((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now, id]));
  return (
    <Panel title="Failed log entries" note={letters.data && (letters.data.total ? `dead letters: ${plural(letters.data.total, 'prediction')} that could not be stored in the log` : 'None: every prediction is stored. Also called dead letters.')}>
      <Answer of={letters}>
        {({ letters: shown }) =>
          shown.length === 0 ? (
            <p style={{ margin: 0, fontSize: 14 }}>A prediction that cannot be stored is kept here with the reason. It does not delay others.</p>
          ) : (
            <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 14 }}>
              {shown.map((letter) => (
                <div key={letter.entry_id} style={{ display: 'grid', gridTemplateColumns: 'auto 1fr', gap: 10 }}>
                  <Checkbox aria-label={`Choose ${letter.entry_id}`} checked={chosen.includes(letter.entry_id)} onChange={() => toggle(letter.entry_id)} />
                  <div style={{ minWidth: 0 }}>
                    <div style={{ fontSize: 14 }}>{letter.reason}</div>
                    <div className="hint">
                      {when(letter.at)} · {bytes(letter.size_bytes)}
                    </div>
                    <details>
                      <summary className="hint">What it holds</summary>
                      <pre style={{ overflow: 'auto', maxHeight: 260, fontSize: 12 }}>{letter.record ? JSON.stringify(letter.record, null, 2) : `cannot be read; base64: ${letter.raw}`}</pre>
                    </details>
                  </div>
                </div>
              ))}
              {(replay.error ?? discard.error) && <Failure error={replay.error ?? discard.error} title="Nothing was moved" />}
              <Row gap={12} align="end">
                <ActionButton size="sm" why={barred} reasonAt="tooltip" loading={replay.isPending} onClick={() => replay.mutate({ slug, entry_ids: chosen.length ? chosen : null })}>
                  {chosen.length ? `Replay ${chosen.length}` : 'Replay all'}
                </ActionButton>
                <TextInput label="Reason for discarding" value={reason} onChange={(e) => setReason(e.currentTarget.value)} w={280} />
                <ActionButton
                  size="sm"
                  color="red"
                  variant="outline"
                  why={barred ?? (chosen.length === 0 || !reason ? 'To discard, choose entries and give a reason.' : null)}
                  loading={discard.isPending}
                  onClick={() => discard.mutate({ slug, entry_ids: chosen, reason })}
                >
                  Discard {chosen.length || 'chosen'}
                </ActionButton>
              </Row>
            </div>
          )
        }
      </Answer>
    </Panel>
  );
}
