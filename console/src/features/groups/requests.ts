import type { Input } from '@/features/groups/inputs';
import type { Feature } from '@/rpc/types';

export type Language = 'curl' | 'python';

/** A plausible value for a feature: what its training data says, else one of its kind. */
function example(feature: Feature | null): unknown {
  if (!feature) return 0;
  if (feature.type === 'boolean') return true;
  if (feature.type === 'category' || feature.type === 'text') return feature.categories[0] ?? '';
  const middle = feature.stats?.median ?? feature.stats?.mean ?? 0;
  return feature.type === 'integer' ? Math.round(middle) : Number(middle.toPrecision(6));
}

const bodyOf = (inputs: readonly Input[]) => ({
  inputs: Object.fromEntries(inputs.map((input) => [input.name, example(input.feature)])),
  entity_key: 'applicant-1042',
});

const WIDTH = 84;

/** A member of an object, or several on a line while they fit: forty features should not take forty lines. */
function flow(members: [string, unknown][], margin: string): string {
  const lines: string[] = [];
  for (const [name, value] of members) {
    const part = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 2 <= WIDTH) lines[lines.length - 1] = `${last}, ${part}`;
    else lines.push(part);
  }
  return lines.join(`,\n${margin}`);
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const entry = ([name, value]: [string, unknown]) => `  ${JSON.stringify(name)}: ${isPlain(value) ? `{\n    ${flow(Object.entries(value), '    ')}\n  }` : JSON.stringify(value)}`;
const indent = (json: object) => `{\n${Object.entries(json).map(entry).join(',\n')}\n}`;
const shell = (json: string) => json.replaceAll("'", String.raw`'\''`);

export function predictRequest(language: Language, endpoint: string, inputs: readonly Input[]): string {
  const body = bodyOf(inputs);
  if (language === 'python') return python(endpoint, body, 'print(answer["version"], answer["score"], answer["inference_id"])');
  return curl(endpoint, body);
}

export function outcomeRequest(language: Language, endpoint: string, slug: string): string {
  const url = endpoint.replace(/\/groups\/[^/]+\/predict$/, '/outcomes');
  const body = { slug, outcomes: [{ inference_id: '<inference_id from the answer>', actual: 1 }] };
  return language === 'python' ? python(url, body, 'print(answer["applied"])') : curl(url, body);
}

const curl = (url: string, body: object) => `curl -sS ${url} \\
  -H "Authorization: Bearer $TILTYARD_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '${shell(indent(body))}'`;

const python = (url: string, body: object, then: string) => `import json
import os
import urllib.request

body = json.loads(r"""${indent(body)}""")
request = urllib.request.Request(
    "${url}",
    data=json.dumps(body).encode(),
    headers={"Authorization": f"Bearer {os.environ['TILTYARD_TOKEN']}", "Content-Type": "application/json"},
)
answer = json.load(urllib.request.urlopen(request))
${then}`;
