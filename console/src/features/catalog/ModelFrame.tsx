import { IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Missing } from '@/components/Lost';
import { PageHead } from '@/components/PageHead';
import { Answer, Loading } from '@/components/States';
import { Tabs } from '@/components/Tabs';
import { ModelStatus } from '@/features/catalog/Hub';
import { HUB, MODEL_TABS } from '@/nav';
import { trpc } from '@/rpc/client';
import { isMissing } from '@/rpc/errors';

const route = getRouteApi('/signed-in/models/$slug');

/** A model's own header and tabs; the tab's page is inside. */
export function ModelFrame() {
  const { slug } = route.useParams();
  const model = useQuery(trpc.models.get.queryOptions({ slug }));
  if (model.error && isMissing(model.error)) return <Missing />;
  return (
    <Answer of={model} skeleton={<Loading rows={6} />}>
      {(data) => (
        <>
          <PageHead
            crumbs={[<Link key="hub" to={HUB.path}>{HUB.label}</Link>]}
            title={data.name}
            badges={<ModelStatus model={data} />}
            lede={data.description}
            actions={
              <ButtonLink to="/models/$slug/versions/new" params={{ slug }} variant="default" leftSection={<IconUpload size={14} />}>
                New version
              </ButtonLink>
            }
          />
          <Tabs label="Model" slug={slug} tabs={Object.values(MODEL_TABS)} />
          <Outlet />
        </>
      )}
    </Answer>
  );
}
