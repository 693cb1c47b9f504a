/**
 * Where the message list is scrolled to. One rule: at the bottom it stays at the bottom, anywhere
 * else the row that is being read stays where it is, whatever is added above or below.
 */
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import type { RefObject } from "react";
import type { Row } from "./rows";

/** Closer than this to the bottom counts as being there. */
const BOTTOM_PX = 80;
/** Closer than this to the top, older messages are fetched. */
const TOP_PX = 800;

interface ScrollOptions {
  rows: readonly Row[];
  onNearTop: (() => void) | null;
}

interface Anchor {
  row: HTMLElement;
  bottom: number;
}

export function useScroll({ rows, onNearTop }: ScrollOptions) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const isStuck = useRef(true);
  const anchor = useRef<Anchor | null>(null);
  const [isAtBottom, setIsAtBottom] = useState(true);
  const lastSent = lastPendingKey(rows);

  const hold = useCallback(() => {
    if (!box.current) return;
    if (isStuck.current) box.current.scrollTop = box.current.scrollHeight;
    else if (anchor.current) restore(box.current, anchor.current);
    anchor.current = firstVisible(box.current);
  }, []);

  const toBottom = useCallback(() => {
    isStuck.current = true;
    hold();
  }, [hold]);

  function onScroll() {
    if (!box.current) return;
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    isStuck.current = scrollHeight - scrollTop - clientHeight < BOTTOM_PX;
    setIsAtBottom(isStuck.current);
    anchor.current = firstVisible(box.current);
    if (scrollTop < TOP_PX) onNearTop?.();
  }

  // What I send, I want to see.
  useLayoutEffect(() => {
    if (lastSent !== null) toBottom();
  }, [lastSent, toBottom]);

  useLayoutEffect(() => {
    hold();
    if (box.current && box.current.scrollTop < TOP_PX) onNearTop?.();
    // Only new rows count: a new function to call is no reason to call it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rows, hold]);

  useResize([box, list], hold);

  return { box, list, isAtBottom, onScroll, toBottom };
}

/** The keyboard comes up, the window turns, the composer grows. */
function useResize(elements: readonly RefObject<HTMLElement | null>[], changed: () => void): void {
  const observed = useRef(elements);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(changed);
    for (const { current } of observed.current) if (current) observer.observe(current);
    return () => observer.disconnect();
  }, [changed]);
}

function firstVisible(box: HTMLElement): Anchor | null {
  for (const row of box.querySelectorAll<HTMLElement>("[data-row]")) {
    const bottom = bottomOf(row);
    if (bottom > box.scrollTop) return { row, bottom };
  }
  return null;
}

function restore(box: HTMLElement, { row, bottom }: Anchor): void {
  if (row.isConnected) box.scrollTop += bottomOf(row) - bottom;
}

/** Its lower edge, because the upper one moves when the row above turns out to be by the same author. */
function bottomOf(row: HTMLElement): number {
  return row.offsetTop + row.offsetHeight;
}

function lastPendingKey(rows: readonly Row[]): string | null {
  const last = rows.at(-1);
  return last?.kind === "message" && last.pending ? last.key : null;
}
