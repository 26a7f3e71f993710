// The procedures of tests/support/wire/app.py on the official server: what it answers is what a client may expect.
//   node oracle-server.mjs --port N [--method-override] [--max-duration SECONDS]
import { parseArgs } from 'node:util';
import { initTRPC, tracked, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { octetInputParser } from '@trpc/server/http';
import { WebSocketServer } from 'ws';
import { z } from 'zod';

const { values: given } = parseArgs({
  options: { port: { type: 'string' }, 'method-override': { type: 'boolean' }, 'max-duration': { type: 'string' } },
});
const records = [];
const sleep = (ms, signal) =>
  new Promise((done, failed) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), failed(signal.reason)), { once: true });
  });

class Declared extends TRPCError {
  constructor(code, message, data = {}) {
    super({ code, message });
    this.told = data;
  }
}

const pointer = (issue) => [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].map((step) => `/${step}`).join('');

const t = initTRPC.create({
  isDev: false,
  sse: {
    ping: { enabled: true, intervalMs: 200 },
    client: { reconnectAfterInactivityMs: 2000 },
    ...(given['max-duration'] ? { maxDurationMs: Number(given['max-duration']) * 1000 } : {}),
  },
  jsonl: { pingMs: 200 },
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: error.code === 'INTERNAL_SERVER_ERROR' ? 'hidden' : shape.message,
    data: {
      ...shape.data,
      requestId: 'oracle',
      issues: error.cause instanceof z.core.$ZodError ? error.cause.issues.map((issue) => ({ pointer: pointer(issue), message: issue.message })) : [],
      ...(error instanceof Declared ? error.told : {}),
    },
  }),
});
const { procedure } = t;

const user = t.router({
  byId: procedure.input(z.string()).query(({ input }) => ({ id: input, name: `u${input}`, role: 'user' })),
  create: procedure.input(z.strictObject({ name: z.string(), role: z.string().default('user') })).mutation(({ input }) => ({ id: '1', ...input })),
  reset: procedure.mutation(() => true),
});

const router = t.router({
  user,
  ping: procedure.query(() => 'pong'),
  hello: procedure.input(z.strictObject({ name: z.string().min(1) })).query(({ input }) => ({ text: `hi ${input.name}` })),
  maybe: procedure.input(z.object({ name: z.string() }).nullish()).query(({ input }) => ({ got: input?.name ?? 'null' })),
  nothing: procedure.query(() => null),
  when: procedure.query(() => ({ at: '1970-01-01T00:00:00Z' })),
  fail: procedure.query(() => {
    throw new Declared('CONFLICT', 'dup', { reason: 'duplicate', retryAfter: 3 });
  }),
  boom: procedure.query(() => {
    throw new Error('kaboom');
  }),
  slow: procedure.input(z.object({ ms: z.number().int().min(0).max(10_000) })).query(async ({ input, signal }) => {
    try {
      await sleep(input.ms, signal);
    } catch (error) {
      records.push(['cancelled', 'slow']);
      throw error;
    }
    return input.ms;
  }),
  large: procedure.input(z.object({ characters: z.number().int() })).query(({ input }) => '🏇é'.repeat(input.characters / 2)),
  pages: procedure.input(z.object({ size: z.number().int().min(1), cursor: z.string().nullish() })).query(({ input }) => {
    const start = Number(input.cursor ?? 0);
    const end = Math.min(start + input.size, 5);
    return { items: Array.from({ length: end - start }, (_, i) => start + i), next_cursor: end < 5 ? String(end) : null };
  }),
  gen: procedure.query(async function* () {
    yield 1;
    yield 2;
  }),
  genErr: procedure.query(async function* () {
    yield 1;
    throw new Declared('FORBIDDEN', 'no', { reason: 'x' });
  }),
  genInf: procedure.query(async function* () {
    let i = 0;
    try {
      while (true) {
        yield i++;
        await sleep(10);
      }
    } finally {
      records.push(['gen-closed', i]);
    }
  }),
  log: procedure.query(() => records),
  upload: procedure.input(z.instanceof(FormData)).mutation(async ({ input }) => {
    const file = input.get('file');
    if (file === null) throw new Declared('BAD_REQUEST', 'no file', { issues: [{ pointer: '/file', message: 'a file is required' }] });
    return { name: input.get('name'), size: file.size, type: file.type, filename: file.name };
  }),
  octets: procedure.input(octetInputParser).mutation(async ({ input }) => {
    let size = 0;
    for await (const chunk of input) size += chunk.length;
    return size;
  }),
  tick: procedure
    .input(z.object({ n: z.number().int(), failAt: z.number().int().nullish(), lastEventId: z.string().nullish() }))
    .subscription(async function* ({ input, signal }) {
      let i = input.lastEventId ? Number(input.lastEventId) + 1 : 0;
      records.push(['tick-start', i]);
      let at = i;
      try {
        for (; i < input.n; i++) {
          at = i;
          if (i === input.failAt && !input.lastEventId) throw new Declared('SERVICE_UNAVAILABLE', 'flaky');
          yield tracked(String(i), { i });
          await sleep(10, signal);
        }
      } finally {
        records.push(['tick-closed', at]);
      }
    }),
  mixed: procedure.subscription(async function* () {
    yield tracked('1', 'a');
    yield 'b';
    yield tracked('2', 'c');
  }),
  subErr: procedure.subscription(async function* () {
    yield 1;
    throw new Declared('FORBIDDEN', 'sub no', { reason: 'r' });
  }),
  quiet: procedure.subscription(async function* () {
    await sleep(600);
    yield 1;
  }),
  whoami: procedure.subscription(async function* ({ ctx }) {
    yield ctx.token;
  }),
});

const createContext = ({ info }) => ({ token: info.connectionParams?.token ?? '?' });
const shared = { router, createContext, maxBatchSize: 10, allowMethodOverride: given['method-override'] ?? false };
const server = createHTTPServer({ ...shared, basePath: '/rpc/', maxBodySize: 16 * 1024 * 1024 });
const sockets = new WebSocketServer({ server, path: '/rpc' });
const handler = applyWSSHandler({ ...shared, wss: sockets, keepAlive: { enabled: true, pingMs: 200, pongWaitMs: 2000 } });
server.listen(Number(given.port), '127.0.0.1');

process.on('SIGTERM', () => {
  handler.broadcastReconnectNotification();
  setTimeout(() => process.exit(0), 50);
});
