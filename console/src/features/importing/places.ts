import type { Revision } from '@/rpc/types';

export type Rule = NonNullable<Revision['mapping']>[number];

/** A place of a model document, with a plain name, and the rule that takes a value of the file there. */
export interface Place {
  id: string;
  label: string;
  group: 'Model' | 'Figures' | 'Training' | 'Use';
  /** The kind of value for this place; only fitting places are suggested. */
  takes: 'number' | 'text';
  rule: (source: string) => Rule;
}

const single = (group: Place['group'], label: string, target: string, transform?: Rule['transform']): Place => ({
  id: target,
  label,
  group,
  takes: transform === 'number' || transform === 'count' || transform === 'integer' ? 'number' : 'text',
  rule: (source) => ({ kind: 'scalar', source, target, ...(transform ? { transform } : {}) }),
});

const figure = (label: string, name: string): Place => ({
  id: `metric:${name}`,
  label,
  group: 'Figures',
  takes: 'number',
  rule: (source) => ({ kind: 'rows', source, target: '/metrics/*', parts: [{ target: 'name', const: name }, { target: 'value', transform: 'quantity' }] }),
});

const row = (label: string, target: string): Place => ({
  id: `row:${target}`,
  label,
  group: 'Use',
  takes: 'text',
  rule: (source) => ({ kind: 'rows', source, target, parts: [{ target: '' }] }),
});

/** Places for a single value. */
export const PLACES: Place[] = [
  single('Model', 'Name of the model', '/name'),
  single('Model', 'Version', '/version', 'text'),
  single('Model', 'Description', '/description'),
  single('Model', 'Licence', '/license'),
  single('Model', 'Algorithm', '/algorithm/name'),
  single('Model', 'Framework', '/algorithm/framework'),
  single('Model', 'Framework version', '/algorithm/framework_version', 'text'),
  single('Model', 'Base model', '/algorithm/base_model'),
  single('Model', 'Task type', '/task/type', 'task_type'),
  single('Model', 'Target', '/task/target'),
  single('Model', 'Positive class', '/task/positive_class', 'text'),
  single('Model', 'Decision threshold', '/task/threshold', 'number'),
  { id: 'owner', label: 'Owner', group: 'Model', takes: 'text', rule: (source) => ({ kind: 'rows', source, target: '/owners/*', parts: [{ target: 'name' }] }) },
  figure('Accuracy', 'accuracy'),
  figure('Balanced accuracy', 'balanced_accuracy'),
  figure('ROC AUC', 'roc_auc'),
  figure('PR AUC, average precision', 'pr_auc'),
  figure('Precision', 'precision'),
  figure('Recall, sensitivity', 'recall'),
  figure('Specificity', 'specificity'),
  figure('F1', 'f1'),
  figure('Log loss', 'log_loss'),
  figure('Brier score', 'brier'),
  figure('Gini', 'gini'),
  figure('KS', 'ks'),
  figure('MCC', 'mcc'),
  figure('RMSE', 'rmse'),
  figure('MSE', 'mse'),
  figure('MAE', 'mae'),
  figure('MAPE', 'mape'),
  figure('R², r2', 'r2'),
  single('Training', 'Trained at, date', '/training/finished_at', 'date'),
  single('Training', 'Training started', '/training/started_at', 'date'),
  single('Training', 'Dataset name', '/training/dataset/name'),
  single('Training', 'Dataset location, path, URI', '/training/dataset/uri'),
  single('Training', 'Dataset digest, hash', '/training/dataset/digest'),
  single('Training', 'Rows of the dataset', '/training/dataset/rows', 'count'),
  single('Training', 'Rows for training', '/training/split_rows/train', 'count'),
  single('Training', 'Rows for validation', '/training/split_rows/validation', 'count'),
  single('Training', 'Rows for testing', '/training/split_rows/test', 'count'),
  single('Training', 'Random seed', '/training/seed', 'integer'),
  single('Training', 'Code, commit, repository', '/training/code'),
  single('Use', 'Purpose, intended use', '/intended_use/purpose'),
  row('Limitation, consideration, note', '/considerations/*'),
  row('Use case', '/intended_use/use_cases/*'),
  row('Prohibited use', '/intended_use/prohibited/*'),
];

const features = (id: string, label: string, type?: string): Place => ({
  id,
  label,
  group: 'Model',
  takes: 'text',
  rule: (source) => ({ kind: 'rows', source, target: '/features/*', parts: [{ target: 'name' }, ...(type ? [{ target: 'type', const: type }] : [])] }),
});

const list = (id: string, label: string, target: string): Place => ({
  id,
  label,
  group: 'Use',
  takes: 'text',
  rule: (source) => ({ kind: 'rows', source, target, parts: [{ target: '', transform: 'text' }] }),
});

/** Places for a whole list; the rule has a pointer with a star. */
export const LISTS: Place[] = [
  features('features', 'These are features'),
  features('features-number', 'These are features: numbers', 'number'),
  features('features-category', 'These are features: categories', 'category'),
  list('classes', 'These are the classes', '/task/classes/*'),
  list('considerations', 'These are limitations', '/considerations/*'),
  list('use-cases', 'These are use cases', '/intended_use/use_cases/*'),
  list('prohibited', 'These are prohibited uses', '/intended_use/prohibited/*'),
];

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** A metric with a name outside of the list: the value at a pointer, found by its own key, gets this name. */
export function ownMetric(name: string): Place {
  return {
    id: `own:${name}`,
    label: `Metric “${name}”`,
    group: 'Figures',
    takes: 'number',
    rule: (source) => {
      const at = source.lastIndexOf('/');
      const key = unescaped(source.slice(at + 1));
      return {
        kind: 'rows',
        source: `${source.slice(0, at)}/*`,
        target: '/metrics/*',
        where: { key: 1, words: [key.toLowerCase()] },
        parts: [{ target: 'name', key: 1, words: { [key]: name } }, { target: 'value', transform: 'quantity' }],
      };
    },
  };
}

const FILLERS = new Set(['at', 'of', 'to', 'in', 'on', 'the', 'for', 'is', 'by']);
const words = (text: string) => text.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 1 && !FILLERS.has(word));
const isNumber = (value: unknown) => typeof value === 'number' || (typeof value === 'string' && /^[\s\d.,+\-%]+$/.test(value) && /\d/.test(value));

/** Places that take such a value, best first: those with the most words of a pointer's last two keys in their name. For a number, also a metric by its own key. */
export function suggested(pointer: string, value: unknown): Place[] {
  const said = new Set(pointer.split('/').slice(-2).flatMap(words));
  const number = isNumber(value);
  const fitting = PLACES.filter((place) => (place.takes === 'number') === number);
  const scored = fitting.map((place) => ({ place, score: words(`${place.label} ${place.id}`).filter((word) => said.has(word)).length }));
  const best = scored.filter((one) => one.score > 0).sort((a, b) => b.score - a.score).slice(0, 3).map((one) => one.place);
  const key = unescaped(pointer.slice(pointer.lastIndexOf('/') + 1));
  return number && !/^\d*$/.test(key) ? [...best, ownMetric(key)] : best;
}

/** The options of a picker: suggestions first, then everything by group, and the typed text as a metric's name. */
export function options(places: Place[], first: Place[], typed: string) {
  const item = (place: Place) => ({ value: place.id, label: place.label });
  const rest = places.filter((place) => !first.includes(place));
  const groups = [...new Set(rest.map((place) => place.group))].map((group) => ({ group, items: rest.filter((place) => place.group === group).map(item) }));
  const own = ownMetric(typed);
  const isNew = typed !== '' && ![...places, ...first].some((place) => place.label.toLowerCase() === typed.toLowerCase() || place.id === own.id);
  return [
    ...(first.length > 0 ? [{ group: 'Suggested', items: first.map(item) }] : []),
    ...groups,
    ...(isNew && places === PLACES ? [{ group: 'A name of your own', items: [item(own)] }] : []),
  ];
}

/** The place of a picker's choice. */
export const placeById = (places: Place[], id: string) => (id.startsWith('own:') ? ownMetric(id.slice('own:'.length)) : places.find((place) => place.id === id));
