import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';

import { Notice } from '@/components/States';
import { isReachable } from '@/rpc/chunks';

/** A page's code could not be fetched: why, and a button that loads it once the hub answers. */
export function Gone({ message }: { message: string }) {
  const [away, setAway] = useState(false);
  const reload = async () => {
    if (await isReachable()) window.location.reload();
    else setAway(true);
  };
  return (
    <Notice
      tone="bad"
      action={
        <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={() => void reload()}>
          Reload
        </Button>
      }
    >
      <h1 style={{ fontSize: 14, margin: 0 }}>This page could not be loaded</h1>
      {away ? 'The hub does not answer yet. Try again in a moment.' : message}
    </Notice>
  );
}
