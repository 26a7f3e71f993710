import { queryClient, trpc } from '@/rpc/client';
import type { Connector, Provider } from '@/rpc/types';

export const PROVIDERS = [
  { value: 'openai', label: 'OpenAI' },
  { value: 'anthropic', label: 'Anthropic' },
  { value: 'gemini', label: 'Google Gemini' },
  { value: 'compatible', label: 'Any OpenAI-compatible API' },
] as const satisfies readonly { value: Provider; label: string }[];

export function providerWords(provider: Provider): string {
  return provider === 'compatible' ? 'OpenAI-compatible' : (PROVIDERS.find((p) => p.value === provider)?.label ?? provider);
}

/** The visible part of a key: its end, or a note that it is too short to show. */
export const keyWords = (connector: Connector) => (connector.last4 ? `…${connector.last4}` : 'not shown');

export const refresh = () => void queryClient.invalidateQueries({ queryKey: trpc.connectors.pathKey() });
