import type { Feature } from '@/rpc/types';

export type Language = 'curl' | 'python';

/** A plausible value for a feature: what its training data says, else one of its kind. */
function example(feature: Feature): unknown {
  if (feature.type === 'boolean') return true;
  if (feature.type === 'category' || feature.type === 'text') return feature.categories[0] ?? '';
  const middle = feature.stats?.median ?? feature.stats?.mean ?? 0;
  return feature.type === 'integer' ? Math.round(middle) : Number(middle.toPrecision(6));
}

const bodyOf = (features: readonly Feature[]) => ({
  inputs: Object.fromEntries(features.map((f) => [f.name, example(f)])),
  entity_key: 'applicant-1042',
});

const indent = (json: unknown) => JSON.stringify(json, null, 2);
const shell = (json: string) => json.replaceAll("'", String.raw`'\''`);

export function predictRequest(language: Language, endpoint: string, features: readonly Feature[]): string {
  const body = bodyOf(features);
  if (language === 'python') return python(endpoint, body, 'print(answer["version"], answer["score"], answer["inference_id"])');
  return curl(endpoint, body);
}

export function outcomeRequest(language: Language, origin: string, slug: string): string {
  const url = `${origin}/v1/outcomes`;
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
