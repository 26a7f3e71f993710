import type { Explanation, Inference } from '@/rpc/types';

export const SPACE_WORDS: Record<Explanation['space'], string> = { margin: 'margin', probability: 'probability', value: 'value' };

/** A number out of the logged output, which is free JSON. */
export function outputNumber(output: Inference['output'], key: string): number | null {
  if (typeof output !== 'object' || output === null || !(key in output)) return null;
  const value = (output as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : null;
}

export const entriesOf = (json: unknown): [string, unknown][] => (typeof json === 'object' && json !== null ? Object.entries(json) : []);
