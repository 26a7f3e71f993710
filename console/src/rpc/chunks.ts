/** Code that is fetched only when a page needs it, and what to do when it cannot be: the hub was updated, or is starting again. */

import { BASE } from '@/rpc/base';

const RELOADED = 'tiltyard:reloaded-at';
/** A second reload within this time would not help: show the error instead. */
const AGAIN_MS = 30_000;

/** A page's code could not be fetched. A browser keeps a failed import until the page is loaded again. */
export class ChunkLost extends Error {
  constructor() {
    super('The code of this page could not be loaded. The hub may have been updated or may be starting again.');
    this.name = 'ChunkLost';
  }
}

/** Whether the hub serves the console now. */
export async function isReachable(): Promise<boolean> {
  try {
    return (await fetch(BASE, { method: 'GET', cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

function reloadedLately(now: number): boolean {
  const at = Number(sessionStorage.getItem(RELOADED) ?? Number.NaN);
  return now - at < AGAIN_MS;
}

/** Reloads the page when that can help: the hub answers, and no reload happened a moment ago. */
async function reloadOnce(): Promise<boolean> {
  if (reloadedLately(Date.now()) || !(await isReachable())) return false;
  sessionStorage.setItem(RELOADED, Date.now().toString());
  window.location.reload();
  return true;
}

const never = new Promise<never>(() => undefined);

/** Imports the code of a page to show. Fails with `ChunkLost` when a reload does not help. */
export async function fetchChunk<M>(load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch {
    if (await reloadOnce()) return never;
    throw new ChunkLost();
  }
}
