import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';

import { queryClient, trpc } from '@/rpc/client';

/** Who is signed in; kept for the session. */
export const meOptions = () => trpc.access.me.queryOptions(undefined, { staleTime: 60_000, retry: false });

/** Whether the signed-in person holds a permission; false until known. */
export function useMay(permission: string): boolean {
  const me = useQuery(meOptions());
  return me.data?.permissions.includes(permission) ?? false;
}

export function useSignOut() {
  const navigate = useNavigate();
  return useMutation(
    trpc.access.signOut.mutationOptions({
      onSettled: async () => {
        queryClient.clear();
        await navigate({ to: '/sign-in' });
      },
    }),
  );
}
