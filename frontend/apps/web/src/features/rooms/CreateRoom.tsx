/** A new public room. One rule: making a room opens it. */
import { useState } from "react";
import type { SyntheticEvent } from "react";
import { goTo, roomPath } from "../../hooks/useRoute";
import { useAction } from "../../hooks/useAction";
import { chat } from "../../session";
import { Field } from "../../components/Field";
import { formText } from "../../components/formText";

export function CreateRoom() {
  const [isOpen, setIsOpen] = useState(false);
  const { busy, error, run } = useAction();

  function submit(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = formText(event.currentTarget, "name").trim();
    run(async () => {
      const room = await chat.rooms.create({ name, kind: "public" });
      setIsOpen(false);
      goTo(roomPath(room.id));
    });
  }

  if (!isOpen) {
    return (
      <button className="new-room" onClick={() => setIsOpen(true)}>
        New room
      </button>
    );
  }
  return (
    <form className="create" onSubmit={submit} aria-label="New room">
      <Field
        label="Room name"
        name="name"
        autoComplete="off"
        // eslint-disable-next-line jsx-a11y/no-autofocus -- Asked for by pressing the button it replaces.
        autoFocus
        errors={error ? (error.fields["name"] ?? [error.message]) : []}
      />
      <div className="buttons">
        <button className="primary" disabled={busy}>
          Create
        </button>
        <button type="button" onClick={() => setIsOpen(false)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
