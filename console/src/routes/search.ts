/** Reads search parameters. Invalid ones are ignored, so an old or mistyped link still opens. */

type Raw = Record<string, unknown>;

export const text = (raw: Raw, key: string) => (typeof raw[key] === 'string' && raw[key] !== '' ? raw[key] : typeof raw[key] === 'number' ? String(raw[key]) : undefined);
export const number = (raw: Raw, key: string) => (raw[key] !== undefined && raw[key] !== '' && Number.isFinite(Number(raw[key])) ? Number(raw[key]) : undefined);
export const flag = (raw: Raw, key: string) => (raw[key] === true || raw[key] === 'true' ? true : raw[key] === false || raw[key] === 'false' ? false : undefined);
export const oneOf = <T extends string>(raw: Raw, key: string, values: readonly T[]) => values.find((value) => value === raw[key]);

/** All parameters optional: a link may leave each of them out. */
export const optional = <T extends object>(values: T): Partial<T> => values;

export const STATUSES = ['ok', 'refused', 'failed', 'fallback'] as const;

/** The inference list's filters, and the inference being inspected. */
export function inferenceSearch(raw: Raw) {
  return optional({
    search: text(raw, 'search'),
    version: text(raw, 'version'),
    role: oneOf(raw, 'role', ['champion', 'challenger', 'shadow'] as const),
    phase: number(raw, 'phase'),
    status: oneOf(raw, 'status', STATUSES),
    labelled: flag(raw, 'labelled'),
    min_score: number(raw, 'min_score'),
    max_score: number(raw, 'max_score'),
    after: text(raw, 'after'),
    before: text(raw, 'before'),
    inference: text(raw, 'inference'),
  });
}
export type InferenceSearch = ReturnType<typeof inferenceSearch>;
