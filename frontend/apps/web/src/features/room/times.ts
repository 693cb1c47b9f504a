/** Times and days as people read them, in their own language and zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const longDay = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export function clockTime(time: string): string {
  return clock.format(new Date(time));
}

export function fullTime(time: string): string {
  return moment.format(new Date(time));
}

export function dayName(date: string, today = new Date()): string {
  const then = new Date(date);
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (then.toDateString() === today.toDateString()) return "Today";
  if (then.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (then.getFullYear() === today.getFullYear() ? day : longDay).format(then);
}
