import type { InferenceSearch } from '@/routes/search';

export interface BrowserProps {
  slug: string;
  filter: InferenceSearch;
  /** Version labels offered in the filter. */
  versions: string[];
  /** Filters live in the address; changing them is a navigation. */
  change: (part: InferenceSearch, replace?: boolean) => void;
}
