/** The first letter of a name, in a colour that stays the person's own. */
import type { User } from "@hubbub/client";

const HUES = 6;

export function Avatar({ user }: { user: User | null }) {
  const [initial = "?"] = user?.display_name.trim() ?? "";
  return (
    <span className="avatar" data-hue={hueOf(user?.id ?? "")} aria-hidden="true">
      {initial.toUpperCase()}
    </span>
  );
}

function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum += character.charCodeAt(0);
  return sum % HUES;
}
