import { useDocumentVisibility } from '@mantine/hooks';
import { useEffect } from 'react';

const RETRY_MS = 5_000;

/** A browser holds six connections to one host for all its tabs, and a stream takes one: only pages in sight listen. */
export const useInSight = () => useDocumentVisibility() === 'visible';

interface Stream {
  status: 'idle' | 'connecting' | 'pending' | 'error';
  reset: () => void;
}

/** Whether a subscription is live; while it is not, its page polls. A broken one reconnects. */
export function useHeard({ status, reset }: Stream): boolean {
  useEffect(() => {
    if (status !== 'error') return undefined;
    const timer = setTimeout(reset, RETRY_MS);
    return () => clearTimeout(timer);
  }, [status, reset]);
  return status === 'pending';
}
