import { Button, Code, Select, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { Section } from '@/components/Section';
import { Failure, Notice } from '@/components/States';
import { count } from '@/components/format';
import { useMay } from '@/features/access/session';
import { aboutLevel } from '@/features/importing/levels';
import type { Revise } from '@/features/importing/types';
import { SETTINGS } from '@/nav';
import { trpc } from '@/rpc/client';
import type { ImportDraft } from '@/rpc/types';

/** Shows the exact text that leaves the hub, before a language model is asked about the open parts. */
export function Sharing({ draft, revise, busy }: { draft: ImportDraft; revise: Revise; busy: boolean }) {
  const mayList = useMay('connector:connector:read');
  const mayAsk = useMay('connector:connector:use');
  const [connector, setConnector] = useState<string | null>(draft.llm?.connector_id ?? null);
  const connectors = useQuery({ ...trpc.connectors.list.queryOptions(), enabled: mayList });
  const shown = useQuery({ ...trpc.imports.shown.queryOptions({ draft_id: draft.draft_id, connector_id: connector ?? '' }), enabled: connector !== null });
  const usable = connectors.data?.filter((one) => !one.disabled_at) ?? [];
  if (!mayAsk || usable.length === 0) return null;
  return (
    <Section title="What leaves the hub">
      <Stack gap={12}>
        <Select
          label="Connector"
          description="A language model maps the open parts. Only the text below is sent."
          placeholder="Choose one to see the text"
          clearable
          maw={420}
          value={connector}
          onChange={setConnector}
          data={usable.map((one) => ({ value: one.id, label: one.name }))}
        />
        {shown.isError && <Failure error={shown.error} />}
        {shown.data && (
          <>
            <Notice tone="info" action={<Link to={SETTINGS.sharing.path} className="link">Change</Link>}>{aboutLevel(shown.data.shows)}</Notice>
            {shown.data.text === null ? (
              <p className="hint" style={{ margin: 0 }}>Nothing would be sent: {shown.data.reason}.</p>
            ) : (
              <>
                <Code block mah={320} style={{ overflow: 'auto' }} tabIndex={0} aria-label="The text that would be sent">{shown.data.text}</Code>
                <Section title="The instructions before it, the same for every file">
                  <Code block mah={320} style={{ overflow: 'auto' }} tabIndex={0}>{shown.data.instructions}</Code>
                </Section>
                <Button style={{ alignSelf: 'flex-start' }} loading={busy} onClick={() => connector && revise({ connector_id: connector, agreed: true })}>
                  Send these {count(shown.data.text.length)} characters
                </Button>
              </>
            )}
          </>
        )}
      </Stack>
    </Section>
  );
}
