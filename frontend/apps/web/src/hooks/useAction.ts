/** Something a person set off that takes a while and may fail: busy meanwhile, and why it failed. */
import { asChatError } from "@hubbub/client";
import type { ChatError } from "@hubbub/client";
import { useState } from "react";

export interface Action {
  busy: boolean;
  error: ChatError | null;
  run: (work: () => Promise<unknown>) => void;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ChatError | null>(null);

  async function perform(work: () => Promise<unknown>) {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(asChatError(failure));
    } finally {
      setBusy(false);
    }
  }

  return { busy, error, run: (work) => void perform(work) };
}
