import 'react';

declare module 'react' {
  // Components hand a colour to their stylesheet in one variable.
  interface CSSProperties {
    '--tone'?: string | undefined;
  }
}
