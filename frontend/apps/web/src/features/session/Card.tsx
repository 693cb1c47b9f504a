/** The card of whoever is not in the chat: a form with a title, and why it was refused. */
import type { ChatError } from "@hubbub/client";
import type { ReactNode, SyntheticEvent } from "react";

interface CardProps {
  title: string;
  error: ChatError | null;
  onSubmit: (form: HTMLFormElement) => void;
  children: ReactNode;
  /** Below the refusal: the button, and other ways. */
  actions: ReactNode;
}

export function Card({ title, error, onSubmit, children, actions }: CardProps) {
  const isAboutFields = Object.keys(error?.fields ?? {}).some((name) => name !== "token");

  function submit(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    onSubmit(event.currentTarget);
  }

  return (
    <main className="login">
      <form className="login-card" onSubmit={submit} aria-labelledby="card-title">
        <p className="brand">Hubbub</p>
        <h1 id="card-title">{title}</h1>
        {children}
        {error && !isAboutFields && (
          <p className="error" role="alert">
            {error.fields["token"]?.join(" ") ?? error.message}
          </p>
        )}
        {actions}
      </form>
    </main>
  );
}
