import { type ComponentType, createElement, lazy, useState } from 'react';

import { fetchChunk } from '@/rpc/chunks';

/** A page with code that is fetched when the page is shown, or earlier: a link under the pointer fetches ahead, and ignores failures. */
export function lazyPage<K extends string>(load: () => Promise<Record<K, ComponentType>>, name: K) {
  let ready: ComponentType | undefined;
  const fetched = async (): Promise<ComponentType> => (ready = (await load())[name]);
  const Later: ComponentType = lazy(async () => ({ default: await fetchChunk(fetched) }));
  function Page() {
    const [shown] = useState(() => ({ page: ready ?? Later }));
    return createElement(shown.page);
  }
  const preload = async () => {
    await fetched().catch(() => undefined);
  };
  return Object.assign(Page, { preload });
}
