/** A slug made from a name: lower-case letters, digits and underscores, starting with a letter. */
export const slugOf = (name: string) =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 63);

export const slugProblem = (slug: string) => (/^[a-z][a-z0-9_]{0,62}$/.test(slug) ? null : 'Lower-case letters, digits and underscores, starting with a letter');
