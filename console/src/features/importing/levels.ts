import type { Inputs } from '@/rpc/types';

export type Level = Inputs['imports']['setSharing']['shows'];

/** From the strictest level to the most open one. */
export const LEVELS = [
  { value: 'vocabulary', label: 'Known keys', about: 'The file’s shape, with keys that are words of the hub, and types in place of values. Every other key is a placeholder.' },
  { value: 'keys', label: 'Keys', about: 'The file’s shape, with every key that is a heading, and types in place of values. Keys that look like data, such as e-mail addresses, are placeholders.' },
  { value: 'file', label: 'The whole file', about: 'Every key and every value, up to 60,000 characters. Each value of an answer is checked against the file.' },
] as const satisfies { value: Level; label: string; about: string }[];

export const aboutLevel = (level: Level) => LEVELS.find((one) => one.value === level)?.about ?? '';

/** The levels that show less than this one. */
export const stricterThan = (level: Level) => LEVELS.slice(0, LEVELS.findIndex((one) => one.value === level));
