import type { ImportDraft } from '@/rpc/types';

/** The origin of the mapping, in plain words. */
export const MAPPED_BY: Record<ImportDraft['mapped_by'], string> = {
  format: 'a known format',
  memory: 'read as remembered',
  matcher: 'read by the hub',
  llm: 'with a language model’s help',
  person: 'read by your rules',
};

/** A value of a document or a file, short enough for a table's cell. */
export function say(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

/** The value at a JSON Pointer (RFC 6901). */
export function at(document: unknown, pointer: string): unknown {
  let here: unknown = document;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** The key that a pointer ends with. */
export const lastOf = (pointer: string) => unescaped(pointer.split('/').at(-1) ?? '');

/** The part of the document that a pointer is in: `/metrics/3/value` is in metrics. */
export const partOf = (pointer: string) => unescaped(pointer.split('/')[1] ?? '');

/** A row's name within its part, in place of its number: `metrics 3` is `roc_auc, test`. */
export function rowOf(document: unknown, pointer: string): string {
  const [, part = '', index] = pointer.split('/');
  if (index === undefined || !/^\d+$/.test(index)) return '';
  const row = at(document, `/${part}/${index}`);
  if (typeof row !== 'object' || row === null) return `${Number(index) + 1}`;
  const { name, split, kind, slice, class: klass } = row as Record<string, unknown>;
  const named = [name ?? kind, split, slice, klass].filter((one) => typeof one === 'string' && one !== '').join(', ');
  return named || `${Number(index) + 1}`;
}

/** A place of the document in plain words: `/metrics/4/value` is the accuracy on the test split. */
export function placeOf(document: unknown, pointer: string): string {
  const row = rowOf(document, pointer);
  const part = partOf(pointer).replaceAll('_', ' ');
  return row ? `${row} (${part})` : `${part} › ${fieldOf(pointer)}`;
}

/** What remains of a pointer below its row. */
export function fieldOf(pointer: string): string {
  const [, part = '', ...rest] = pointer.split('/').map(unescaped);
  const below = rest[0] !== undefined && /^\d+$/.test(rest[0]) ? rest.slice(1) : rest;
  return below.join(' › ') || part;
}
