import { useId, useState } from "react";
import { useSearchParams } from "wouter";

type Props = {
  readonly search: string;
  readonly onSearch: (text: string) => void;
};

/** A box to search with. */
export function SearchForm({ search, onSearch }: Props) {
  const id = useId();
  const [text, setText] = useState(search);
  return (
    <form
      className="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <label htmlFor={id}>Search</label>
      <input
        id={id}
        type="search"
        maxLength={100}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          // The browser's own cross empties the box without submitting.
          if (event.target.value === "" && search !== "") onSearch("");
        }}
      />
      <button type="submit">Search</button>
    </form>
  );
}

/** What is searched for stands in the address; another search begins at the first page. */
export function useSearchText() {
  const [query, setQuery] = useSearchParams();
  const setSearch = (text: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      for (const stale of ["after", "before", "search"]) next.delete(stale);
      if (text) next.set("search", text);
      return next;
    });
  return { search: query.get("search") ?? "", setSearch };
}
