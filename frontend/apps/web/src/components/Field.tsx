/** A labelled input with what the server said about it. */
import { useId } from "react";
import type { InputHTMLAttributes } from "react";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  errors: string[] | undefined;
}

export function Field({ label, errors = [], ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        required
        aria-invalid={errors.length > 0}
        aria-describedby={`${id}-errors`}
      />
      <p className="error" id={`${id}-errors`} role="alert">
        {errors.join(" ")}
      </p>
    </div>
  );
}
