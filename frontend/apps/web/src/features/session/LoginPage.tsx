/** Log in, or create an account. One rule: a password manager must be able to fill and to save it. */
import { useState } from "react";
import { useAction } from "../../hooks/useAction";
import { auth, lastSession } from "../../session";
import { Field } from "../../components/Field";
import { formText } from "../../components/formText";
import { Card } from "./Card";
import { ForgotPage } from "./ForgotPage";

type Mode = "login" | "register" | "forgot";

const texts = {
  login: { title: "Log in", other: "New here?", switch: "Create an account" },
  register: { title: "Create account", other: "Have an account?", switch: "Log in instead" },
} as const;

export function LoginPage() {
  const [mode, setMode] = useState<Mode>("login");
  const { busy, error, run } = useAction();
  if (mode === "forgot") return <ForgotPage onBack={() => setMode("login")} />;
  const text = texts[mode];
  const other = mode === "login" ? "register" : "login";

  function submit(form: HTMLFormElement) {
    const username = formText(form, "username").trim();
    const password = formText(form, "password");
    run(() => auth[mode === "login" ? "login" : "register"]({ username, password }));
  }

  return (
    <Card
      title={text.title}
      error={error}
      onSubmit={submit}
      actions={
        <>
          <button className="primary" disabled={busy}>
            {text.title}
          </button>
          <p className="quiet">
            {text.other}{" "}
            <button type="button" className="link" onClick={() => setMode(other)}>
              {text.switch}
            </button>
          </p>
          {mode === "login" && (
            <button type="button" className="link" onClick={() => setMode("forgot")}>
              Forgot your password?
            </button>
          )}
        </>
      }
    >
      {lastSession.endedByServer && <p>Your session has ended. Please log in again.</p>}
      <Field
        label="Username"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        errors={error?.fields["username"]}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete={mode === "login" ? "current-password" : "new-password"}
        errors={error?.fields["password"]}
      />
    </Card>
  );
}
