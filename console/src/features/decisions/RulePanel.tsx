import { Group as Row, Select, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { Panel } from '@/components/Panel';
import { Failure } from '@/components/States';
import { useWhyNot } from '@/features/access/powers';
import { BandBar } from '@/features/decisions/BandBar';
import { BandEditor } from '@/features/decisions/BandEditor';
import { TrialResult } from '@/features/decisions/TrialResult';
import type { Band, DecisionRule, GroupDecisions, MemberRule } from '@/features/decisions/types';
import { GROUP_TABS } from '@/nav';
import { queryClient, trpc } from '@/rpc/client';

const FIRST: DecisionRule = {
  on: 'score',
  bands: [
    { decision: 'approve', below: 0.2 },
    { decision: 'refer', below: 0.3 },
    { decision: 'decline', below: null },
  ],
  segment_by: null,
  segment_bands: {},
};

/** The rule of each version in the group; a new one is tried on logged rows, then kept as a version. */
export function RulePanel({ decisions }: { decisions: GroupDecisions }) {
  const [chosen, setChosen] = useState(decisions.rules.find((one) => one.role === 'champion')?.version_id ?? null);
  const member = decisions.rules.find((one) => one.version_id === chosen) ?? decisions.rules[0];
  if (!member) return null;
  return (
    <Panel
      title="Decision rule"
      note={member.rule ? `brought by ${member.rule.version}` : 'this version has none'}
      aside={
        <Select
          size="xs"
          w={190}
          aria-label="Version"
          data={decisions.rules.map((one) => ({ value: one.version_id, label: `${one.version} ${one.role}` }))}
          value={member.version_id}
          allowDeselect={false}
          onChange={setChosen}
        />
      }
    >
      <Editor key={member.version_id} slug={decisions.slug} member={member} names={decisions.decisions} />
    </Panel>
  );
}

function Editor({ slug, member, names }: { slug: string; member: MemberRule; names: string[] }) {
  const now = member.rule?.rule ?? null;
  const [bands, setBands] = useState<Band[]>((now ?? FIRST).bands);
  const [asked, setAsked] = useState<DecisionRule | null>(null);
  const rule = { ...(now ?? FIRST), bands };
  const changed = JSON.stringify(rule) !== JSON.stringify(now);
  const trial = useQuery({ ...trpc.decisions.tryRule.queryOptions({ slug, version: member.version, rule: asked ?? rule }), enabled: asked !== null, retry: false });
  const barred = useWhyNot('catalog:model:write', 'making a version');
  const keep = useMutation(
    trpc.models.setDecisionRule.mutationOptions({
      onSuccess: (made) => {
        notifications.show({ title: `${made.model_name} ${made.label} is ready`, message: 'Put it in the group by the Split tab. The version before stays as it is.', color: 'pine' });
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
      },
    }),
  );
  const tried = asked !== null && JSON.stringify(asked) === JSON.stringify(rule);
  const why = barred ?? (changed ? (tried && trial.data ? null : 'Try the rule first.') : 'Nothing has changed yet.');
  return (
    <Stack gap={18}>
      {now ? <BandBar bands={now.bands} label={`Rule of ${member.version}`} /> : <p className="hint" style={{ margin: 0 }}>Scores of {member.version} lead to no decision yet. Set bands below and try them.</p>}
      {now?.segment_by &&
        Object.entries(now.segment_bands).map(([value, mine]) => <BandBar key={value} bands={mine} label={`${now.segment_by ?? ''} ${value}`} />)}
      <BandEditor bands={bands} names={names} change={setBands} />
      <Row gap={12}>
        <ActionButton variant="default" size="sm" why={null} loading={trial.isFetching} onClick={() => setAsked(rule)}>
          Try on logged rows
        </ActionButton>
        <ActionButton size="sm" why={why} loading={keep.isPending} onClick={() => keep.mutate({ version_id: member.version_id, rule })}>
          Keep as a new version
        </ActionButton>
      </Row>
      {trial.error && asked !== null && <Failure error={trial.error} title="The rule could not be tried" />}
      {keep.error && <Failure error={keep.error} title="No version was made" />}
      {keep.data && (
        <p className="hint" style={{ margin: 0 }}>
          {keep.data.label} is ready. <Link to={GROUP_TABS.split.to} params={{ slug }} className="link">Put it in the group</Link>
        </p>
      )}
      {trial.data && asked !== null && <TrialResult trial={trial.data} bands={asked.bands} />}
    </Stack>
  );
}
