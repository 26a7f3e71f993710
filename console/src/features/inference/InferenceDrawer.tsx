import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Answer } from '@/components/States';
import { InferenceDetail } from '@/features/inference/InferenceDetail';
import { trpc } from '@/rpc/client';
import type { Inference } from '@/rpc/types';

const isAwaited = (inference: Inference | undefined) => inference?.status === 'ok' && inference.explanation === null;

/** One inference, beside the list it was opened from. */
export function InferenceDrawer({ slug, id, close }: { slug: string; id: string | null; close: () => void }) {
  const inference = useQuery({
    ...trpc.inference.get.queryOptions({ slug, inference_id: id ?? '' }),
    enabled: id !== null,
    // An explanation that is still to come arrives by itself.
    refetchInterval: (query) => (isAwaited(query.state.data) ? 2_000 : false),
  });
  return (
    <Drawer opened={id !== null} onClose={close} position="right" size={640} title="Inference" keepMounted={false}>
      {id !== null && <Answer of={inference}>{(data) => <InferenceDetail inference={data} />}</Answer>}
    </Drawer>
  );
}
