// Runs snippets of client code that arrive on stdin, one JSON line each ({ id, code }), against the hub at argv[2].
// A snippet is the body of an async function; it sees what `world` holds, and answers with its return value or its error.
import { createInterface } from 'node:readline';
import { createTRPCClient, httpBatchLink, httpLink, TRPCClientError } from '@trpc/client';

const origin = process.argv[2];
const url = `${origin}/rpc`;
const AsyncFunction = (async () => {}).constructor;

/** A client over one link, recording its requests in `client.sent`. */
const over = (link) => (options = {}) => {
  const sent = [];
  const recording = async (input, init = {}) => {
    const entry = { url: String(input), method: init.method, body: typeof init.body === 'string' ? init.body : null };
    sent.push(entry);
    const response = await fetch(input, init);
    entry.status = response.status;
    return response;
  };
  const client = createTRPCClient({ links: [link({ url, fetch: recording, ...options })] });
  return { client, sent };
};

const world = {
  origin,
  url,
  single: (options) => over(httpLink)(options).client,
  batched: over(httpBatchLink),
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  raw: async (path, init) => {
    const response = await fetch(`${origin}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: Object.fromEntries(response.headers), body: text ? JSON.parse(text) : null };
  },
  failure: async (promise) => {
    try {
      return { unexpected: await promise };
    } catch (error) {
      return told(error);
    }
  },
};

const told = (error) => ({
  name: error.name,
  message: error.message,
  trpc: error instanceof TRPCClientError,
  shape: error.shape ?? null,
  data: error.data ?? null,
  cause: error.cause?.name ?? null,
});

for await (const line of createInterface({ input: process.stdin })) {
  const { id, code } = JSON.parse(line);
  new AsyncFunction(...Object.keys(world), code)(...Object.values(world)).then(
    (value) => console.log(JSON.stringify({ id, value: value === undefined ? { undefined: true } : value })),
    (error) => console.log(JSON.stringify({ id, error: { ...told(error), stack: error.stack } })),
  );
}
