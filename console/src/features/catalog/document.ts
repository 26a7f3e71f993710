import { plural } from '@/components/format';
import type { Inputs } from '@/rpc/types';

export type DocumentInput = Inputs['models']['createVersion']['document'];

export type Parsed = { ok: true; document: DocumentInput; summary: string } | { ok: false; message: string };

const sizeOf = (value: unknown) => (Array.isArray(value) ? value.length : 0);

/** Reads a document far enough to show what is in it. The hub checks its shape, and says where it does not fit. */
export function parseDocument(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, message: `This is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, message: 'A model document is one JSON object.' };
  if (!('name' in value) || typeof value.name !== 'string') return { ok: false, message: 'A model document has a name: {"name": "…"}.' };
  const parts = value as Record<string, unknown>;
  return {
    ok: true,
    document: value as DocumentInput,
    summary: `${value.name}: ${plural(sizeOf(parts.features), 'feature')}, ${plural(sizeOf(parts.metrics), 'metric')}, ${plural(sizeOf(parts.charts), 'chart')}`,
  };
}

/** The next minor version after the newest one there is. */
export function nextVersion(versions: readonly string[]): string {
  const newest = versions
    .map((v) => v.replace(/^v/, '').split('.').map(Number))
    .sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0) || (b[1] ?? 0) - (a[1] ?? 0))[0];
  return newest ? `${(newest[0] ?? 1).toString()}.${((newest[1] ?? 0) + 1).toString()}.0` : '1.0.0';
}

export const versionProblem = (version: string) => (/^v?(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?$/.test(version) ? null : 'A version reads like 1.2.0');
