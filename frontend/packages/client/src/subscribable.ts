/**
 * A value that can be read and watched, in the shape of React's useSyncExternalStore.
 * One rule: a snapshot is never changed in place, it is replaced.
 */

export type Unsubscribe = () => void;

export interface Readable<T> {
  // Properties and not methods: both may be handed over without their object.
  readonly snapshot: () => T;
  readonly subscribe: (listener: () => void) => Unsubscribe;
}

export class Store<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly snapshot = (): T => this.#value;

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}
