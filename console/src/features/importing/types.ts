import type { Revision } from '@/rpc/types';

/** Corrects how a file was read: a part of a revision of the draft that is on screen. */
export type Revise = (part: Omit<Revision, 'draft_id'>) => void;
