/** Text with its web addresses as links. One rule: only http and https become links. */

const ADDRESS = /(https?:\/\/[^\s<>"]+)/;
/** Belongs to the sentence and not to the address. */
const TRAILING = /[.,:;!?'")\]}]+$/;

export function Linkified({ text }: { text: string }) {
  // Splitting by a pattern with a group puts the addresses at the odd places.
  return text
    .split(ADDRESS)
    .map((part, index) => (index % 2 ? <Link key={index} text={part} /> : part));
}

function Link({ text }: { text: string }) {
  const address = text.replace(TRAILING, "");
  return (
    <>
      <a href={address} target="_blank" rel="noopener nofollow ugc">
        {address}
      </a>
      {text.slice(address.length)}
    </>
  );
}
