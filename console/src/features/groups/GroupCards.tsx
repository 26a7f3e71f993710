import { Skeleton, Title } from '@mantine/core';
import { IconSwords } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { SplitBar } from '@/components/SplitBar';
import { Answer, Empty, Status } from '@/components/States';
import { compact, count, plural, share } from '@/components/format';
import { isHalted, isPartlyHalted } from '@/features/groups/halted';
import css from '@/features/groups/groups.module.css';
import { metricName } from '@/features/groups/metrics';
import { Sparkline } from '@/features/inference/Sparkline';
import { trpc } from '@/rpc/client';
import type { Comparison, Group } from '@/rpc/types';

/** Every group at a glance: who serves, how much, and the last hour's traffic. */
export function GroupCards() {
  const groups = useQuery(trpc.groups.list.queryOptions(undefined, { refetchInterval: 10_000 }));
  return (
    <section aria-label="Groups">
      <Answer of={groups} skeleton={<div className={css.cards}>{[0, 1].map((i) => <Skeleton key={i} height={168} radius="lg" />)}</div>}>
        {(all) => (all.length > 0 ? <div className={css.cards}>{all.map((group) => <GroupCard key={group.id} group={group} />)}</div> : <NoGroups />)}
      </Answer>
    </section>
  );
}

function NoGroups() {
  return (
    <div style={{ marginBottom: 20 }}>
      <Panel>
        <Empty
          icon={<IconSwords size={30} />}
          title="No groups yet"
          action={
            <ButtonLink to="/groups/new">
              Create a group
            </ButtonLink>
          }
        >
          A group puts a champion, and optionally challengers, behind one endpoint. First import a model and upload the artifact of a version.
        </Empty>
      </Panel>
    </div>
  );
}

/** What the score means: once where it is the same for every version. */
function meaningOf(members: Group['phase']['members']): string {
  const meanings = new Set(members.map((m) => m.meaning));
  if (meanings.size === 1) return members[0]?.meaning ? `The score is ${members[0].meaning}.` : '';
  return members.map((m) => `${m.label}: ${m.meaning || 'meaning not stated'}`).join('; ');
}

/** Who leads on the outcomes so far, in a line. */
function Verdict({ slug }: { slug: string }) {
  const comparison = useQuery(trpc.groups.comparison.queryOptions({ slug, phase: null, pooled: false }, { staleTime: 30_000, refetchInterval: 60_000 }));
  const said = comparison.data?.conclusion;
  return (
    <div className={css.cardVerdict} data-state={said?.state}>
      {said && comparison.data ? (
        <>
          {said.headline} <span className="hint">{metricName(comparison.data.decision_metric)}, {plural(labelledOf(comparison.data), 'outcome')}</span>
        </>
      ) : (
        <span className="hint">{comparison.isError ? 'The verdict cannot be read right now' : '\u00a0'}</span>
      )}
    </div>
  );
}

/** Outcomes of those that answered: a shadow scores what another version answered. */
const labelledOf = (comparison: Comparison) => comparison.contenders.filter((c) => c.role !== 'shadow').reduce((sum, c) => sum + c.n_compared_labelled, 0);

function GroupCard({ group }: { group: Group }) {
  const traffic = useQuery(trpc.inference.traffic.queryOptions({ slug: group.slug }, { refetchInterval: 5_000 }));
  const { members, number } = group.phase;
  return (
    <article className={css.card} data-halted={isHalted(group)} aria-label={group.name}>
      <div className={css.cardHead}>
        <div style={{ minWidth: 0 }}>
          <Title order={2}>
            <Link to="/groups/$slug" params={{ slug: group.slug }}>
              {group.name}
            </Link>
          </Title>
          <div className="hint">
            <code>{group.slug}</code> · phase {number} {isHalted(group) && <Status tone="bad">Halted, rejects all requests</Status>}
            {isPartlyHalted(group) && <Status tone="warn">{group.halted_versions.map((one) => one.label).join(', ')} halted</Status>}
          </div>
        </div>
        <div className={css.spark}>{traffic.data && <Sparkline minutes={traffic.data.minutes} />}</div>
      </div>
      <SplitBar members={members} />
      <div className={css.members}>
        {members.map((member) => (
          <div key={member.version_id} style={{ display: 'contents' }}>
            <span style={{ minWidth: 0 }}>
              <RoleBadge role={member.role} label={member.label} /> <span className="hint">{member.model_name}</span>
            </span>
            <span className="num">{member.role === 'shadow' ? 'copies' : share(member.share)}</span>
          </div>
        ))}
      </div>
      <p className="hint" style={{ margin: '6px 0 0' }}>{meaningOf(members)}</p>
      {members.length > 1 && <Verdict slug={group.slug} />}
      <div className={css.cardFoot}>
        {traffic.data ? (
          <>
            <span>
              <b>
                <span className="num">{compact(traffic.data.total)}</span>
              </b>{' '}
              {traffic.data.total === 1 ? 'prediction' : 'predictions'}
            </span>
            <span>
              <b>{traffic.data.total > 0 ? `${Math.round((100 * traffic.data.labelled) / traffic.data.total)} %` : '0 %'}</b> with outcome
            </span>
            {traffic.data.refused > 0 && (
              <span>
                <b>{count(traffic.data.refused)}</b> rejected
              </span>
            )}
          </>
        ) : (
          <span>{traffic.isError ? 'Traffic cannot be read right now' : ' '}</span>
        )}
      </div>
    </article>
  );
}
