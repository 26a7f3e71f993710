import { Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { Failure, Notice } from '@/components/States';
import { count, percent, plural } from '@/components/format';
import { queryClient, trpc } from '@/rpc/client';
import { problemOf } from '@/rpc/errors';
import type { ServingImpact as Impact } from '@/rpc/types';

const SHOWN = 6;

/** The share in words; a part that rounds to nothing is still a part. */
const shareOf = ({ share, requests, lacking }: Impact) => (share < 0.001 ? `${count(lacking)} of ${plural(requests, 'request')} of the last week` : `${percent(share)} of the last week’s requests`);

/** Which inputs are missing, and in how many requests. */
function featuresOf({ features }: Impact): string {
  const named = features.slice(0, SHOWN).map((one) => `${one.name} (${count(one.requests)})`);
  return [...named, ...(features.length > SHOWN ? [`${count(features.length - SHOWN)} more`] : [])].join(', ');
}

export interface Serving {
  slug: string;
  /** The version that would be the new champion; null when the champion stays. */
  champion: string | null;
  /** Versions that would answer a share of the traffic beside the champion. */
  challengers: readonly string[];
}

/** Which of the last week's requests the versions could not answer, and a person's consent to it where a new champion would refuse some. */
export function useServingImpact({ slug, champion, challengers }: Serving) {
  const ids = [...new Set([...(champion ? [champion] : []), ...challengers])].sort();
  const impacts = useQuery(trpc.groups.impact.queryOptions({ slug, version_ids: ids }, { enabled: ids.length > 0, staleTime: 15_000 }));
  // Consent is to one version: another one is asked about anew.
  const [given, give] = useState<string | null>(null);
  const short = (impacts.data ?? []).filter((one) => one.lacking > 0);
  const refused = short.find((one) => one.version_id === champion);
  const about = refused?.version_id ?? null;
  return {
    refused,
    rerouted: short.filter((one) => one.version_id !== champion),
    error: impacts.error,
    refetch: impacts.refetch,
    accepted: about !== null && given === about,
    accept: (yes: boolean) => give(yes ? about : null),
    /** The reason why the button cannot be pressed; null if it can. */
    why: champion === null ? null : impacts.isLoading ? 'The last week’s requests are being checked.' : about !== null && given !== about ? 'Accept the refusals above first.' : null,
  };
}

/** The hub counted requests that would be refused while the page had found none: count them again, so that consent can be given. */
export const countAgain = (error: unknown) => {
  if (problemOf(error).reason === 'REFUSALS_EXPECTED') void queryClient.invalidateQueries({ queryKey: trpc.groups.impact.pathKey() });
};

/** Says which requests a change would leave without an answer, or to the champion. `tells`: no consent is asked for. */
export function ServingImpact({ of, tells = false }: { of: ReturnType<typeof useServingImpact>; tells?: boolean }) {
  const { refused, rerouted, error, refetch, accepted, accept } = of;
  return (
    <>
      {error !== null && <Failure error={error} title="The last week’s requests could not be checked" retry={refetch} />}
      {refused && (
        <Notice tone="bad">
          {shareOf(refused)} would be refused by {refused.label}, as they lack {featuresOf(refused)}. Have the callers send these inputs first.
          {!tells && (
            <Checkbox mt={10} checked={accepted} onChange={(e) => accept(e.currentTarget.checked)} label={`I accept that ${refused.label} refuses such requests`} />
          )}
        </Notice>
      )}
      {rerouted.map((one) => (
        <Notice key={one.version_id} tone="warn">
          {shareOf(one)} cannot be answered by {one.label} and go to the champion, as they lack {featuresOf(one)}.
        </Notice>
      ))}
    </>
  );
}
