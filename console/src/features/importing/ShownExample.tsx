import { useQuery } from '@tanstack/react-query';

import { CodeBlock } from '@/components/Copy';
import { Panel } from '@/components/Panel';
import { Section } from '@/components/Section';
import { Answer } from '@/components/States';
import { count } from '@/components/format';
import css from '@/features/importing/importing.module.css';
import type { Level } from '@/features/importing/levels';
import { trpc } from '@/rpc/client';

/** An example file, and the exact text that would be sent at a level that is not saved yet. */
export function ShownExample({ shows, words }: { shows: Level; words: boolean }) {
  const shown = useQuery(trpc.imports.shownExample.queryOptions({ shows, short_words: words }, { placeholderData: (old) => old, staleTime: Infinity }));
  return (
    <Panel title="What leaves the hub" note="for an example file: the exact text">
      <Answer of={shown}>
        {({ file, text, instructions }) => (
          <>
            <div className={css.leaves}>
              <div>
                <div className="eyebrow">The file</div>
                <CodeBlock code={file} what="example file" wrap />
              </div>
              <div>
                <div className="eyebrow">What is sent, {count(text.length)} characters</div>
                <CodeBlock code={text} what="text that would be sent" wrap />
              </div>
            </div>
            <p className="hint" style={{ margin: '10px 0 12px' }}>
              <code>open</code> is the part that the hub did not recognise, <code>has</code> lists the places that have a value already. The review of an import shows the same for your own file, before anything is sent.
            </p>
            <Section title="The instructions before it, the same for every file">
              <CodeBlock code={instructions} what="instructions" wrap />
            </Section>
          </>
        )}
      </Answer>
    </Panel>
  );
}
