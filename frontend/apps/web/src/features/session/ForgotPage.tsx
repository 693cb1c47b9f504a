/** Ask for a link by mail. One rule: it says the same whether or not anybody has the address. */
import { useState } from "react";
import { Field } from "../../components/Field";
import { formText } from "../../components/formText";
import { useAction } from "../../hooks/useAction";
import { auth } from "../../session";
import { Card } from "./Card";

export function ForgotPage({ onBack }: { onBack: () => void }) {
  const [asked, setAsked] = useState(false);
  const { busy, error, run } = useAction();

  async function ask(form: HTMLFormElement) {
    await auth.askForReset(formText(form, "email").trim());
    setAsked(true);
  }

  return (
    <Card
      title="Forgot your password?"
      error={error}
      onSubmit={(form) => run(() => ask(form))}
      actions={
        <>
          {!asked && (
            <button className="primary" disabled={busy}>
              Send me a link
            </button>
          )}
          <button type="button" className="link" onClick={onBack}>
            Back to log in
          </button>
        </>
      }
    >
      {asked ? (
        <p role="status">If an account has this address, a link is on its way to it.</p>
      ) : (
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          errors={error?.fields["email"]}
        />
      )}
    </Card>
  );
}
