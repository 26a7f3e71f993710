import { IconPlus } from '@tabler/icons-react';

import { ButtonLink } from '@/components/ButtonLink';
import { PageHead } from '@/components/PageHead';
import { GroupCards } from '@/features/groups/GroupCards';

export function GroupList() {
  return (
    <>
      <PageHead
        title="Groups"
        lede="A champion and its challengers behind one endpoint. Each group keeps its own log and compares its versions on real outcomes."
        actions={
          <ButtonLink to="/groups/new" leftSection={<IconPlus size={14} />}>
            New group
          </ButtonLink>
        }
      />
      <GroupCards />
    </>
  );
}
