/** The bridge between the client and React: every value of the client is read through here. */
import type { Readable } from "@hubbub/client";
import { useSyncExternalStore } from "react";

export function useReadable<T>(readable: Readable<T>): T {
  return useSyncExternalStore(readable.subscribe, readable.snapshot);
}
