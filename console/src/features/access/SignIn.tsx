import { Button, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';

import { Failure } from '@/components/States';
import css from '@/features/access/SignIn.module.css';
import { BASE } from '@/rpc/base';
import { queryClient, trpc } from '@/rpc/client';
import { problemOf } from '@/rpc/errors';

/** The sign-in page. `next` is the page to show afterwards. */
export function SignIn({ next }: { next: string }) {
  useDocumentTitle('Sign in · Tiltyard');
  const router = useRouter();
  const form = useForm({
    initialValues: { email: '', password: '', tenant: '' },
    validate: { email: (v) => (/^[^@\s]+@[^@\s]+$/.test(v) ? null : 'Enter your e-mail address'), password: (v) => (v ? null : 'Enter your password') },
  });
  const signIn = useMutation(
    trpc.access.signIn.mutationOptions({
      onSuccess: (me) => {
        queryClient.clear();
        queryClient.setQueryData(trpc.access.me.queryKey(), me);
        router.history.push(BASE + next.slice(1));
      },
    }),
  );
  return (
    <div className={css.page}>
      <main className={css.form}>
        <div className={css.brand}>
          <img src={`${BASE}favicon.svg`} alt="" width={28} height={28} /> Tiltyard
        </div>
        <Title order={1} mb={20}>
          Sign in
        </Title>
        <form noValidate onSubmit={form.onSubmit(({ tenant, ...rest }) => signIn.mutate(tenant ? { ...rest, tenant } : rest))} aria-label="Sign in">
          <Stack gap={14}>
            {signIn.isError && <Failure error={signIn.error} />}
            <TextInput label="E-mail" type="email" autoComplete="username" autoFocus {...form.getInputProps('email')} />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
              {...form.getInputProps('password')}
            />
            {(form.values.tenant || (signIn.isError && problemOf(signIn.error).reason === 'TENANT_NEEDED')) && <TextInput label="Tenant" description="The name of the tenant to sign in to." {...form.getInputProps('tenant')} />}
            <Button type="submit" size="sm" loading={signIn.isPending} mt={4}>
              Sign in
            </Button>
          </Stack>
        </form>
      </main>
      <aside className={css.lists} aria-label="About Tiltyard">
        <Lists />
        <p className={css.words}>Champion and challengers, behind one endpoint.</p>
        <div className={css.more}>Every prediction is logged before it is answered, explained feature by feature, and compared on real outcomes.</div>
      </aside>
    </div>
  );
}

/** Two score distributions that meet like lances. */
function Lists() {
  const curve = (centre: number, height: number, width: number) =>
    Array.from({ length: 201 }, (_, i) => `${(i * 3).toString()},${(330 - height * Math.exp(-(((i * 3 - centre) / width) ** 2))).toFixed(1)}`).join(' ');
  return (
    <svg viewBox="0 0 600 600" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {Array.from({ length: 13 }, (_, i) => (
        <line key={i} x1={i * 50} x2={i * 50} y1={60} y2={330} stroke="#ffffff" strokeOpacity={0.06} />
      ))}
      <line x1={0} x2={600} y1={330} y2={330} stroke="#ffffff" strokeOpacity={0.25} />
      <polygon points={`0,330 ${curve(225, 190, 105)} 600,330`} fill="#e3ac2f" fillOpacity={0.16} />
      <polyline points={curve(225, 190, 105)} fill="none" stroke="#f5c451" strokeWidth={2} />
      <polygon points={`0,330 ${curve(375, 215, 90)} 600,330`} fill="#5f9bf3" fillOpacity={0.16} />
      <polyline points={curve(375, 215, 90)} fill="none" stroke="#9cc2fa" strokeWidth={2} />
    </svg>
  );
}
