import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { PageHead } from '@/components/PageHead';
import { SETTINGS } from '@/nav';
import { trpc } from '@/rpc/client';

/** Makes a toy. Its address and its procedure are typed, so this compiles only where both are known. */
export function Toys() {
  const make = useMutation(trpc.toys.make.mutationOptions());
  return (
    <>
      <PageHead title="Toys" lede={make.data ? `${make.data.name} is made.` : 'None yet.'} />
      <Button loading={make.isPending} onClick={() => make.mutate({ name: 'top', size: 3 })}>Make a top</Button>
      <Link to={SETTINGS.toys.path}>Toys</Link>
    </>
  );
}
