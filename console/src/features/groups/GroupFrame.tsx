import { Outlet, getRouteApi, Link } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';

import { Copy } from '@/components/Copy';
import { Missing } from '@/components/Lost';
import { PageHead } from '@/components/PageHead';
import { SplitBar } from '@/components/SplitBar';
import { Answer, Loading, Notice, Status } from '@/components/States';
import { Tabs } from '@/components/Tabs';
import { isHalted, isPartlyHalted } from '@/features/groups/halted';
import { HaltNotice } from '@/features/groups/HaltNotice';
import { GROUP_TABS, GROUPS } from '@/nav';
import { trpc } from '@/rpc/client';
import { isMissing } from '@/rpc/errors';

const route = getRouteApi('/signed-in/groups/$slug');

/** A group's own header and tabs; the tab's page is inside. */
export function GroupFrame() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }, { refetchInterval: 5_000 }));
  if (group.error && isMissing(group.error)) return <Missing />;
  return (
    <Answer of={group} skeleton={<Loading rows={6} />}>
      {(data) => (
        <>
          <PageHead
            crumbs={[
              <Link key="groups" to={GROUPS.path}>
                {GROUPS.label}
              </Link>,
            ]}
            title={data.name}
            badges={
              <>
                <Status tone="info">Phase {data.phase.number}</Status>
                {isHalted(data) && <Status tone="bad">Halted, rejects all requests</Status>}
                {isPartlyHalted(data) && <Status tone="warn">{data.halted_versions.map((one) => one.label).join(', ')} halted</Status>}
              </>
            }
            lede={
              <span style={{ display: 'inline-flex', alignItems: 'center', gap: 4, flexWrap: 'wrap' }}>
                <code style={{ overflowWrap: 'anywhere' }}>POST {data.endpoint}</code> <Copy value={data.endpoint} what="endpoint" />
              </span>
            }
          />
          <HaltNotice group={data} />
          {data.phase.members.some((m) => m.preparing) && (
            <Notice tone="info">
              {data.phase.members.filter((m) => m.preparing).map((m) => m.label).join(', ')} is being prepared: some process still loads and compiles it, and answers as before until that is done.
            </Notice>
          )}
          {data.phase.members.filter((m) => m.load_error).map((m) => (
            <Notice key={m.version_id} tone="bad">
              {m.label} does not load in some process, so {m.role === 'shadow' ? 'it is not asked there' : 'the champion answers for it there'}. {m.load_error}
            </Notice>
          ))}
          <div style={{ marginBottom: 14 }}>
            <SplitBar members={data.phase.members} height={6} />
          </div>
          <Tabs label="Group" slug={slug} tabs={Object.values(GROUP_TABS)} />
          <Outlet />
        </>
      )}
    </Answer>
  );
}
