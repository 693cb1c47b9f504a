/** What people write stays text, except for web addresses. */
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Linkified } from "../features/room/Linkified";

afterEach(cleanup);

test("markup stays text", () => {
  const text = '<img src=x onerror="alert(1)"> & <b>bold</b>';
  const { container } = render(<Linkified text={text} />);
  expect(container.textContent).toBe(text);
  expect(container.children).toHaveLength(0);
});

test("an address becomes a link that vouches for nothing", () => {
  const { container } = render(<Linkified text="see (https://example.org/a?b=1), or not." />);
  const link = screen.getByRole("link");
  expect(link.getAttribute("href")).toBe("https://example.org/a?b=1");
  expect(link.getAttribute("rel")).toBe("noopener nofollow ugc");
  expect(container.textContent).toBe("see (https://example.org/a?b=1), or not.");
});

test("no other scheme becomes a link", () => {
  render(<Linkified text="javascript:alert(1) data:text/html,x ftp://example.org" />);
  expect(screen.queryByRole("link")).toBeNull();
});
