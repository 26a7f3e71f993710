import { IconCompass } from '@tabler/icons-react';
import { type ErrorComponentProps } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Empty, Failure } from '@/components/States';

/** An address that leads nowhere. */
export function Lost() {
  return (
    <main>
      <Empty
        icon={<IconCompass size={30} />}
        title="Nothing at this address"
        action={
          <ButtonLink to="/">
            Go to the models
          </ButtonLink>
        }
      >
        The page may have been deleted or renamed, or the link may be incomplete.
      </Empty>
    </main>
  );
}

/** A page that could not be shown. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div style={{ maxWidth: 640, margin: '64px auto', padding: '0 16px' }}>
      <Failure title="This page could not be shown" error={error} retry={reset} />
    </div>
  );
}
