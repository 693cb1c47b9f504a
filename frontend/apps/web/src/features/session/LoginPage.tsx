/** Log in, or create an account. One rule: a password manager must be able to fill and to save it. */
import { useState } from "react";
import type { SyntheticEvent } from "react";
import { useAction } from "../../hooks/useAction";
import { auth, lastSession } from "../../session";
import { Field } from "../../components/Field";
import { formText } from "../../components/formText";

type Mode = "login" | "register";

const texts = {
  login: { title: "Log in", other: "New here?", switch: "Create an account" },
  register: { title: "Create account", other: "Have an account?", switch: "Log in instead" },
} as const;

export function LoginPage() {
  const [mode, setMode] = useState<Mode>("login");
  const { busy, error, run } = useAction();
  const text = texts[mode];
  const fieldErrors = error?.fields ?? {};
  const isAboutFields = Object.keys(fieldErrors).length > 0;

  function submit(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const username = formText(event.currentTarget, "username").trim();
    const password = formText(event.currentTarget, "password");
    run(() => auth[mode]({ username, password }));
  }

  return (
    <main className="login">
      <form className="login-card" onSubmit={submit} aria-labelledby="login-title">
        <p className="brand">Hubbub</p>
        <h1 id="login-title">{text.title}</h1>
        {lastSession.endedByServer && <p>Your session has ended. Please log in again.</p>}
        <Field
          label="Username"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          errors={fieldErrors["username"]}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete={mode === "login" ? "current-password" : "new-password"}
          errors={fieldErrors["password"]}
        />
        {error && !isAboutFields && (
          <p className="error" role="alert">
            {error.message}
          </p>
        )}
        <button className="primary" disabled={busy}>
          {text.title}
        </button>
        <p className="quiet">
          {text.other}{" "}
          <button
            type="button"
            className="link"
            onClick={() => setMode(mode === "login" ? "register" : "login")}
          >
            {text.switch}
          </button>
        </p>
      </form>
    </main>
  );
}
