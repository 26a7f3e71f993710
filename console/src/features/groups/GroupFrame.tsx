import { Outlet, getRouteApi, Link } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';

import { Copy } from '@/components/Copy';
import { Lost } from '@/components/Lost';
import { PageHead } from '@/components/PageHead';
import { SplitBar } from '@/components/SplitBar';
import { Answer, Loading, Status } from '@/components/States';
import css from '@/components/ui.module.css';
import { HaltNotice } from '@/features/groups/HaltNotice';
import { trpc } from '@/rpc/client';
import { isMissing } from '@/rpc/errors';

const route = getRouteApi('/signed-in/groups/$slug');

/** A group's own header and tabs; the tab's page is inside. */
export function GroupFrame() {
  const { slug } = route.useParams();
  const group = useQuery(trpc.groups.get.queryOptions({ slug }, { refetchInterval: 5_000 }));
  if (group.error && isMissing(group.error)) return <Lost />;
  return (
    <Answer of={group} skeleton={<Loading rows={6} />}>
      {(data) => (
        <>
          <PageHead
            crumbs={[
              <Link key="groups" to="/groups">
                Groups
              </Link>,
            ]}
            title={data.name}
            badges={
              <>
                <Status tone="info">Phase {data.phase.number}</Status>
                {data.halt && <Status tone="bad">Halted</Status>}
              </>
            }
            lede={
              <span style={{ display: 'inline-flex', alignItems: 'center', gap: 4, flexWrap: 'wrap' }}>
                <code style={{ overflowWrap: 'anywhere' }}>POST {data.endpoint}</code> <Copy value={data.endpoint} what="endpoint" />
              </span>
            }
          />
          <HaltNotice group={data} />
          <div style={{ marginBottom: 14 }}>
            <SplitBar members={data.phase.members} height={6} />
          </div>
          <nav className={css.tabs} aria-label="Group">
            <Link to="/groups/$slug" params={{ slug }} activeOptions={{ exact: true, includeSearch: false }}>
              Comparison
            </Link>
            <Link to="/groups/$slug/traffic" params={{ slug }}>
              Traffic
            </Link>
            <Link to="/groups/$slug/inferences" params={{ slug }} activeOptions={{ includeSearch: false }}>
              Inferences
            </Link>
            <Link to="/groups/$slug/split" params={{ slug }}>
              Split
            </Link>
            <Link to="/groups/$slug/control" params={{ slug }}>
              Control
            </Link>
            <Link to="/groups/$slug/log" params={{ slug }}>
              Log
            </Link>
            <Link to="/groups/$slug/history" params={{ slug }}>
              History
            </Link>
            <Link to="/groups/$slug/endpoint" params={{ slug }}>
              Endpoint
            </Link>
            <Link to="/groups/$slug/delete" params={{ slug }}>
              Delete
            </Link>
          </nav>
          <Outlet />
        </>
      )}
    </Answer>
  );
}
