import { useQuery } from '@tanstack/react-query';

import { trpc } from '@/rpc/client';
import type { Group } from '@/rpc/types';

export type PositiveScores = Group['settings']['positive_scores'];

/** The choice of a group's direction. */
export const DIRECTIONS: { value: PositiveScores; label: string }[] = [
  { value: 'higher', label: 'scores at or above the threshold' },
  { value: 'lower', label: 'scores at or below the threshold' },
];

/** Which scores are labelled positive, in words. */
export const positiveIf = (scores: PositiveScores, threshold: number) => `Positive if score ${scores === 'lower' ? '≤' : '≥'} ${threshold.toString()}`;

/** Whether high or low scores mean the positive class in a group; high ones until the group is known. */
export function usePositiveScores(slug: string): PositiveScores {
  return useQuery(trpc.groups.get.queryOptions({ slug })).data?.settings.positive_scores ?? 'higher';
}
