import { NumberInput, type NumberInputProps } from '@mantine/core';

interface UnitInputProps extends Omit<NumberInputProps, 'value' | 'suffix' | 'onChange'> {
  value: number | null;
  /** The unit's one and many, as "day" and "days". */
  unit: string;
  units?: string;
  /** Null where the field is empty. */
  onChange: (value: number | null) => void;
}

/** A number with its unit in words: "1 day", "2 days". */
export function UnitInput({ value, unit, units = `${unit}s`, onChange, ...rest }: UnitInputProps) {
  return <NumberInput {...rest} suffix={` ${value === 1 ? unit : units}`} value={value ?? ''} onChange={(typed) => onChange(typeof typed === 'number' ? typed : null)} />;
}
