import { Skeleton, Title } from '@mantine/core';
import { IconSwords } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Panel } from '@/components/Panel';
import { RoleBadge } from '@/components/Roles';
import { SplitBar } from '@/components/SplitBar';
import { Answer, Empty, Status } from '@/components/States';
import { compact, count, share } from '@/components/format';
import { isHalted, isPartlyHalted } from '@/features/groups/halted';
import css from '@/features/groups/groups.module.css';
import { Sparkline } from '@/features/inference/Sparkline';
import { trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

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
              <RoleBadge role={member.role} label={member.label} /> <span className="hint">{[member.model_name, member.meaning].filter(Boolean).join(': ')}</span>
            </span>
            <span className="num">{member.role === 'shadow' ? 'copies' : share(member.share)}</span>
          </div>
        ))}
      </div>
      <div className={css.cardFoot}>
        {traffic.data ? (
          <>
            <span>
              <b>
                <span className="num">{compact(traffic.data.total)}</span>
              </b>{' '}
              predictions
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
