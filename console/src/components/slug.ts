import { rpc } from '@/rpc/client';

/** A slug made from a name: lower-case letters, digits and underscores, starting with a letter. */
export const slugOf = (name: string) =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 63);

/** Letters that `slugOf` would lose. The hub can write every script in Latin letters. */
const FOREIGN = /[\u0250-\uffff]/;

/** Passes the slug for a name to `set`: at once, and again after the hub has transliterated other scripts. */
export const suggestSlug = (name: string, set: (slug: string) => void) => {
  set(slugOf(name));
  if (FOREIGN.test(name)) void rpc.models.suggestSlug.query({ name }).then((found) => set(found.slug), () => undefined);
};

export const slugProblem = (slug: string) => (/^[a-z][a-z0-9_]{0,62}$/.test(slug) ? null : 'Lower-case letters, digits and underscores, starting with a letter');
