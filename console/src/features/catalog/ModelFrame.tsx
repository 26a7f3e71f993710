import { IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Lost } from '@/components/Lost';
import { PageHead } from '@/components/PageHead';
import { Answer, Loading } from '@/components/States';
import css from '@/components/ui.module.css';
import { ModelStatus } from '@/features/catalog/Hub';
import { trpc } from '@/rpc/client';
import { isMissing } from '@/rpc/errors';

const route = getRouteApi('/signed-in/models/$slug');

/** A model's own header and tabs; the tab's page is inside. */
export function ModelFrame() {
  const { slug } = route.useParams();
  const model = useQuery(trpc.models.get.queryOptions({ slug }));
  if (model.error && isMissing(model.error)) return <Lost />;
  return (
    <Answer of={model} skeleton={<Loading rows={6} />}>
      {(data) => (
        <>
          <PageHead
            crumbs={[<Link key="hub" to="/">Hub</Link>]}
            title={data.name}
            badges={<ModelStatus model={data} />}
            lede={data.description}
            actions={
              <ButtonLink to="/models/$slug/versions/new" params={{ slug }} variant="default" leftSection={<IconUpload size={14} />}>
                New version
              </ButtonLink>
            }
          />
          <nav className={css.tabs} aria-label="Model">
            <Link to="/models/$slug" params={{ slug }} activeOptions={{ exact: true, includeSearch: false }}>Overview</Link>
            <Link to="/models/$slug/versions" params={{ slug }}>Versions</Link>
            <Link to="/models/$slug/inferences" params={{ slug }} activeOptions={{ includeSearch: false }}>Inferences</Link>
            <Link to="/models/$slug/card" params={{ slug }} activeOptions={{ includeSearch: false }}>Card</Link>
          </nav>
          <Outlet />
        </>
      )}
    </Answer>
  );
}
