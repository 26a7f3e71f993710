// What snippets of client code see: clients over each link of the official package, and ways to watch what they do.

/** `trpc` is the client package, `tanstack` its TanStack Query integration if there is one here. */
export function makeWorld({ trpc, origin, EventSource, WebSocket, tanstack }) {
  const { createTRPCClient, createWSClient, httpBatchLink, httpBatchStreamLink, httpLink, httpSubscriptionLink } = trpc;
  const { isNonJsonSerializable, splitLink, TRPCClientError, wsLink } = trpc;
  const url = `${origin}/rpc`;

  /** A client over one link, recording its requests in `sent`. */
  const over = (link) => (options = {}) => {
    const sent = [];
    const recording = async (input, init = {}) => {
      const entry = { url: String(input), method: init.method, body: typeof init.body === 'string' ? init.body : null };
      sent.push(entry);
      const response = await fetch(input, init);
      entry.status = response.status;
      entry.length = response.headers.get('content-length');
      return response;
    };
    return { client: createTRPCClient({ links: [link({ url, fetch: recording, ...options })] }), sent };
  };

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const single = (options) => over(httpLink)(options).client;
  const subscribing = (options = {}) => createTRPCClient({ links: [httpSubscriptionLink({ url, EventSource, ...options })] });

  const told = (error) => ({
    name: error?.name,
    message: error?.message ?? String(error),
    trpc: error instanceof TRPCClientError,
    shape: error?.shape ?? null,
    data: error?.data ?? null,
    cause: error?.cause?.name ?? null,
  });

  const failure = async (promise) => {
    try {
      return { unexpected: await promise };
    } catch (error) {
      return told(error);
    }
  };

  /** Subscribes, and keeps what is heard; `done` resolves at the end, however it ends. */
  const listen = (procedure, input, options = {}) => {
    const heard = { data: [], states: [], started: 0, completed: false, error: null };
    let stop;
    const done = new Promise((resolve) => {
      const subscription = procedure.subscribe(input, {
        ...options,
        onStarted: () => heard.started++,
        onData: (data) => heard.data.push(data),
        onConnectionStateChange: (state) => heard.states.push(state.state),
        onError: (error) => resolve((heard.error = told(error))),
        onComplete: () => resolve((heard.completed = true)),
      });
      stop = () => subscription.unsubscribe();
    });
    return { heard, done, stop };
  };

  /** Waits until it is so. */
  const until = async (isSo, ms = 8000) => {
    for (const end = Date.now() + ms; !(await isSo()); await sleep(10)) {
      if (Date.now() > end) throw new Error(`it did not come about: ${isSo}`);
    }
  };

  const sockets = (options = {}) => {
    const { at = url, ...rest } = options;
    const ws = createWSClient({ url: at.replace(/^http/, 'ws'), WebSocket, retryDelayMs: () => 50, ...rest });
    return { ws, client: createTRPCClient({ links: [wsLink({ client: ws })] }) };
  };

  /** A bare WebSocket: `said` collects what the server says. */
  const bareSocket = async (path, options, at = origin) => {
    const socket = new WebSocket(at.replace(/^http/, 'ws') + path, options);
    const said = [];
    const closed = new Promise((done) => socket.addEventListener('close', (event) => done(event.code)));
    socket.addEventListener('message', (event) => said.push(event.data[0] === 'P' ? event.data : JSON.parse(event.data)));
    await new Promise((done) => ['open', 'error'].forEach((name) => socket.addEventListener(name, done)));
    const say = (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return { socket, said, closed, say };
  };

  const log = async (since = 0) => (await single().log.query()).slice(since);

  return {
    origin,
    url,
    single,
    batched: over(httpBatchLink),
    streamed: over(httpBatchStreamLink),
    subscribing,
    split: () => {
      const links = [
        splitLink({
          condition: (op) => op.type === 'subscription',
          true: httpSubscriptionLink({ url, EventSource }),
          false: splitLink({
            condition: (op) => isNonJsonSerializable(op.input),
            true: httpLink({ url }),
            false: httpBatchStreamLink({ url }),
          }),
        }),
      ];
      return createTRPCClient({ links });
    },
    sockets,
    bareSocket,
    tanstack: () => tanstack(over(httpBatchStreamLink)().client),
    sleep,
    until,
    listen,
    failure,
    told,
    log,
    mark: async () => (await log()).length,
    collect: async (iterable) => {
      const items = [];
      for await (const item of iterable) items.push(item);
      return items;
    },
    raw: async (path, init) => {
      const response = await fetch(`${origin}${path}`, init);
      const text = await response.text();
      let body = text || null;
      try {
        body = JSON.parse(text);
      } catch {} // it is no JSON: lines, events, or nothing
      return { status: response.status, headers: Object.fromEntries(response.headers), body };
    },
  };
}

/** Runs a snippet, the body of an async function that sees the world, and tells its end. */
export async function run(world, code) {
  const AsyncFunction = (async () => {}).constructor;
  try {
    const value = await new AsyncFunction(...Object.keys(world), code)(...Object.values(world));
    return { value: value === undefined ? { undefined: true } : value };
  } catch (error) {
    return { error: { ...world.told(error), stack: error?.stack ?? String(error) } };
  }
}
