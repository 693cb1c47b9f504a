/** The box to write in. One rule: what was typed is lost only when it was sent. */
import type { LiveRoom } from "@hubbub/client";
import { useState } from "react";
import type { KeyboardEvent } from "react";

/** Kept outside the page's state, so that it survives a change of room and a new login. */
const drafts = new Map<string, string>();

/** What some input methods report for the Enter that only picks a suggestion. */
const COMPOSING_KEY = 229;

export function Composer({ name, live }: { name: string; live: LiveRoom }) {
  const [text, setText] = useState(drafts.get(live.id) ?? "");

  function write(draft: string) {
    drafts.set(live.id, draft);
    setText(draft);
  }

  function send() {
    if (text.trim() === "") return;
    live.send(text);
    write("");
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    send();
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {/* The box is as high as the hidden copy of its text, which data-text makes in CSS. */}
      <div className="grow" data-text={text}>
        <textarea
          aria-label={`Message #${name}`}
          placeholder={`Message #${name}`}
          dir="auto"
          rows={1}
          enterKeyHint="send"
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <button className="primary" disabled={text.trim() === ""}>
        Send
      </button>
    </form>
  );
}

function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari says it nowhere else.
  return nativeEvent.isComposing || nativeEvent.keyCode === COMPOSING_KEY;
}
