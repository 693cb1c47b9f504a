/** What a mailed link opens: a new password, or an address that is confirmed. */
import { useState } from "react";
import { Field } from "../../components/Field";
import { formText } from "../../components/formText";
import { useAction } from "../../hooks/useAction";
import type { Mailed } from "../../hooks/useRoute";
import { auth } from "../../session";
import { Card } from "./Card";

const texts = {
  reset: { title: "Set a new password", button: "Set password", done: "Your password is set." },
  email: { title: "Confirm your address", button: "Confirm", done: "Your address is confirmed." },
} as const;

export function MailedPage({ mailed, onDone }: { mailed: Mailed; onDone: () => void }) {
  const [done, setDone] = useState(false);
  const { busy, error, run } = useAction();
  const text = texts[mailed.purpose];

  async function use(form: HTMLFormElement) {
    if (mailed.purpose === "email") await auth.confirmEmail(mailed.token);
    else await auth.resetPassword(mailed.token, formText(form, "new_password"));
    setDone(true);
  }

  return (
    <Card
      title={text.title}
      error={error}
      onSubmit={(form) => run(() => use(form))}
      actions={
        <>
          {!done && (
            <button className="primary" disabled={busy}>
              {text.button}
            </button>
          )}
          <button type="button" className="link" onClick={onDone}>
            Go to Hubbub
          </button>
        </>
      }
    >
      {done && <p role="status">{text.done}</p>}
      {!done && mailed.purpose === "reset" && (
        <Field
          label="New password"
          name="new_password"
          type="password"
          autoComplete="new-password"
          errors={error?.fields["new_password"]}
        />
      )}
    </Card>
  );
}
