import { wordsOf } from '@/components/format';
import type { Role } from '@/rpc/types';

/** A role as people write it. */
export const roleWords = (role: Role): string => (role === 'ml_lead' ? 'ML lead' : role === 'pm' ? 'Product manager' : wordsOf(role));
