import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { Identifier } from '@/components/Copy';
import { Failure, Notice } from '@/components/States';
import { plural } from '@/components/format';
import { rpc } from '@/rpc/client';
import type { Outputs } from '@/rpc/types';

type Verdict = Outputs['audit']['verify'];

/** Recomputes the whole chain and shows the result. */
export function Verify() {
  // A question, asked when the button is pressed: nothing is cached.
  const verify = useMutation({ mutationFn: () => rpc.audit.verify.query({}) });
  const button = (
    <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
      {verify.data ? 'Verify again' : 'Verify the chain'}
    </Button>
  );
  return (
    <div style={{ marginBottom: 14 }}>
      {verify.isError ? (
        <Failure error={verify.error} retry={() => verify.mutate()} />
      ) : (
        <Notice tone={verify.data ? (verify.data.ok ? 'ok' : 'bad') : 'info'} action={button}>
          {verify.data ? <Found verdict={verify.data} /> : 'Recompute every hash from the first entry on, to prove that nothing was changed or removed.'}
        </Notice>
      )}
    </div>
  );
}

const END = {
  kept: 'Its end matches the one that the hub noted.',
  absent: 'The hub has noted no end yet, so removed entries at the end would not be noticed.',
  cut: 'Entries at its end were removed.',
  changed: 'The last noted entry differs from the one in the chain: the chain or the note was replaced.',
};

function Found({ verdict: v }: { verdict: Verdict }) {
  if (v.ok) {
    return (
      <>
        Intact: {plural(v.checked, 'entry', 'entries')} checked. {END[v.end]} {v.reanchored.length > 0 && `Accepted as found: ${v.reanchored.map((span) => span.join('–')).join(', ')}. `}
        {v.head_hash && <>Head <Identifier value={v.head_hash} what="head hash" keep={20} /></>}
      </>
    );
  }
  return (
    <>
      Not intact. {v.broken_at !== null && `Entry ${v.broken_at.toString()} is the first that does not match the chain. `}
      {v.missing.length > 0 && `Missing: ${v.missing.slice(0, 20).join(', ')}${v.missing.length > 20 ? '…' : ''}.`} {v.end !== 'kept' && v.end !== 'absent' && `${END[v.end]} `}{plural(v.checked, 'entry', 'entries')} checked.
    </>
  );
}
