// What the generated types must allow, and what they must refuse. Type-checked only, never run.
import { safe } from '@trpc/client';
import { createHubClient, type RouterInputs, type RouterOutputs, type User } from './contract/client.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const yes = <T extends true>(): T | void => {};
const client = createHubClient({ url: 'http://127.0.0.1/rpc' });

export async function allowed(): Promise<unknown[]> {
  const user = await client.user.byId.query('1');
  yes<Same<typeof user, User>>();
  const ping: string = await client.ping.query();
  const nothing: null = await client.nothing.query();
  await client.maybe.query();
  await client.maybe.query(null);
  await client.maybe.query({ name: 'a' });
  await client.user.create.mutate({ name: 'x' });
  await client.user.reset.mutate();
  for await (const item of await client.gen.query()) yes<Same<typeof item, number>>();
  const [data, error] = await safe(client.fail.query());
  if (error) {
    const told = error.data;
    if (told?.reason === 'duplicate') yes<Same<typeof told.httpStatus, 409>>();
  } else yes<Same<typeof data, string>>();
  client.tick.subscribe({ n: 3 }, { onData: (event) => yes<Same<typeof event, { id: string; data: { i: number } }> | true>() });
  client.mixed.subscribe(undefined, { onData: (event) => (typeof event === 'string' ? event : event.data) });
  await client.upload.mutate(new FormData());
  await client.octets.mutate(new Uint8Array(3));
  yes<Same<RouterOutputs['user']['byId'], User>>();
  yes<Same<RouterInputs['user']['create']['role'], string | undefined>>();
  return [ping, nothing];
}

export function refused(): void {
  // @ts-expect-error there is no such procedure
  client.nope.query();
  // @ts-expect-error there is no such field
  client.hello.query({ nam: 'x' });
  // @ts-expect-error an input is needed
  client.hello.query();
  // @ts-expect-error a query is no mutation
  client.ping.mutate();
  // @ts-expect-error text is no number
  client.slow.query({ ms: '3' });
  // @ts-expect-error the output has no such field
  void client.user.byId.query('1').then((user) => user.email);
}
