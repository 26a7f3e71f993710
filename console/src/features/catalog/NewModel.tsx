import { Button, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { PageHead } from '@/components/PageHead';
import { Panel } from '@/components/Panel';
import { Failure } from '@/components/States';
import { slugProblem, suggestSlug } from '@/components/slug';
import { queryClient, trpc } from '@/rpc/client';

/** A new model is a name; its first version follows. */
export function NewModel() {
  const navigate = useNavigate();
  const [ownSlug, setOwnSlug] = useState(false);
  const form = useForm({ initialValues: { name: '', slug: '', description: '' }, validate: { name: (v) => (v.trim() ? null : 'Give the model a name'), slug: slugProblem } });
  const create = useMutation(
    trpc.models.create.mutationOptions({
      onSuccess: (model) => {
        void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
        void navigate({ to: '/models/$slug/versions/new', params: { slug: model.slug } });
      },
    }),
  );
  return (
    <>
      <PageHead crumbs={[<Link key="hub" to="/">Hub</Link>]} title="New model" lede="A model is a name with versions. Its first version is the next step." />
      <form noValidate onSubmit={form.onSubmit((v) => create.mutate({ name: v.name.trim(), slug: v.slug, description: v.description.trim() || null }))}>
        <Stack maw={560} gap={14}>
          <Panel>
            <Stack gap={14}>
              <TextInput
                label="Name"
                placeholder="Credit default"
                {...form.getInputProps('name')}
                onChange={(e) => {
                  form.setFieldValue('name', e.currentTarget.value);
                  if (!ownSlug) suggestSlug(e.currentTarget.value, (slug) => form.setFieldValue('slug', slug));
                }}
              />
              <TextInput
                label="Slug"
                description="In the model’s address. It cannot be changed later."
                {...form.getInputProps('slug')}
                onChange={(e) => {
                  setOwnSlug(true);
                  form.setFieldValue('slug', e.currentTarget.value);
                }}
              />
              <Textarea label="Description" autosize minRows={2} {...form.getInputProps('description')} />
            </Stack>
          </Panel>
          {create.isError && <Failure error={create.error} title="The model has not been created" />}
          <Button type="submit" size="sm" loading={create.isPending} style={{ alignSelf: 'flex-end' }}>
            Create model
          </Button>
        </Stack>
      </form>
    </>
  );
}
