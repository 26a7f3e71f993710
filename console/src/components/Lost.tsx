import { Title } from '@mantine/core';
import { IconCompass } from '@tabler/icons-react';
import { type ErrorComponentProps } from '@tanstack/react-router';

import { ButtonLink } from '@/components/ButtonLink';
import { Gone } from '@/components/Gone';
import { Failure } from '@/components/States';
import css from '@/components/ui.module.css';
import { ChunkLost } from '@/rpc/chunks';

/** Shown in place of a missing page; the page around it has the `main`. */
export function Missing() {
  return (
    <div className={css.empty}>
      <IconCompass size={30} aria-hidden="true" />
      <Title order={1} fz={17} mt={10}>
        Nothing at this address
      </Title>
      <p className="hint" style={{ fontSize: 13, margin: '4px 0 16px' }}>
        The page may have been deleted or renamed, or the link may be incomplete.
      </p>
      <ButtonLink to="/">Go to the models</ButtonLink>
    </div>
  );
}

/** An address that leads nowhere, outside every page's frame. */
export function Lost() {
  return (
    <main>
      <Missing />
    </main>
  );
}

/** A page that could not be shown. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div style={{ maxWidth: 640, margin: '64px auto', padding: '0 16px' }}>
      {error instanceof ChunkLost ? <Gone message={error.message} /> : <Failure title="This page could not be shown" error={error} retry={reset} />}
    </div>
  );
}
