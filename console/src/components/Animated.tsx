import { useReducedMotion } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

const SPAN_MS = 450;

/** A number that glides to its new value instead of jumping; `show` formats it. */
export function Animated({ value, show }: { value: number; show: (value: number) => string }) {
  const still = useReducedMotion();
  const [shown, setShown] = useState(value);
  const from = useRef(value);
  useEffect(() => {
    if (still || from.current === value) {
      from.current = value;
      return;
    }
    const origin = from.current;
    const began = performance.now();
    let frame = 0;
    const step = (now: number) => {
      const t = Math.min(1, (now - began) / SPAN_MS);
      const at = t === 1 ? value : origin + (value - origin) * (1 - (1 - t) ** 3);
      from.current = at;
      setShown(at);
      if (t < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [value, still]);
  return <span className="num">{show(still ? value : shown)}</span>;
}
