import type { Revision } from '@/rpc/types';

/** Corrects the reading of a file: a part of a revision of the shown draft. */
export type Revise = (part: Omit<Revision, 'draft_id'>) => void;
