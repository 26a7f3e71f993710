// The procedures of benchmarks/rpc_server.py on the official server: `node bench-server.mjs standalone|fastify PORT`.
import { createHash } from 'node:crypto';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify from 'fastify';
import { z } from 'zod';

const [kind, port] = process.argv.slice(2);
const hashed = (secret) => createHash('sha256').update(secret).digest('hex');
const actors = new Map([[hashed('tyd_bench'), { name: 'bench', permissions: new Set(['group:group:read', 'group:group:write']) }]]);

const t = initTRPC.context().create();
const needs = (permission) =>
  t.procedure.use(({ ctx, next }) => {
    if (!ctx.actor) throw new TRPCError({ code: 'UNAUTHORIZED' });
    if (!ctx.actor.permissions.has(permission)) throw new TRPCError({ code: 'FORBIDDEN' });
    return next();
  });

const Member = z.object({ version: z.string(), share: z.number().min(0).max(1), ranges: z.array(z.object({ start: z.number().int(), end: z.number().int() })) });
const members = Array.from({ length: 3 }, (_, i) => ({ version: `1.${i}.0`, share: 0.25, ranges: [{ start: i * 100, end: i * 100 + 99 }] }));

const router = t.router({
  groups: t.router({
    get: needs('group:group:read')
      .input(z.strictObject({ group: z.string().min(1).max(80), limit: z.number().int().min(1).max(100).default(20) }))
      .query(({ input }) => ({ slug: input.group, name: 'Credit scoring', phase: input.limit, members })),
    setSplit: needs('group:group:write')
      .input(z.strictObject({ group: z.string().min(1).max(80), members: z.array(Member).min(1).max(50) }))
      .mutation(({ input }) => ({ slug: input.group, name: 'Credit scoring', phase: 2, members: input.members })),
  }),
});

const createContext = ({ req }) => {
  const [scheme, token] = (req.headers.authorization ?? '').split(' ');
  return { actor: scheme === 'Bearer' ? actors.get(hashed(token)) : undefined };
};

if (kind === 'fastify') {
  const app = fastify({ routerOptions: { maxParamLength: 5000 } });
  app.register(fastifyTRPCPlugin, { prefix: '/rpc', trpcOptions: { router, createContext } });
  await app.listen({ port: Number(port), host: '127.0.0.1' });
} else {
  createHTTPServer({ router, createContext, basePath: '/rpc/' }).listen(Number(port), '127.0.0.1');
}
