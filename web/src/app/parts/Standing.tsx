import { useEffect, useRef, useState } from "react";
import type { TallyFragment } from "../../gql/graphql";
import { summary } from "./tally";

/** How often a screen reader is told, at most, in milliseconds. */
const PAUSE = 4000;

/** How the poll stands, in words: seen at once, told with pauses. */
export function Standing({ poll, live }: { poll: TallyFragment; live: boolean }) {
  const text = summary(poll);
  const told = usePaused(text);
  return (
    <p className="standing">
      <span aria-hidden="true">{text}</span>
      <span className="visually-hidden" role="status">
        {told}
      </span>
      {poll.isOpen && (
        <span className={live ? "live on" : "live"}>
          {live ? "Live" : "Connecting …"}
        </span>
      )}
    </p>
  );
}

/** The text, changing at most once in a pause; the last one always comes. */
function usePaused(text: string): string {
  const [told, setTold] = useState(text);
  const since = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, since.current + PAUSE - Date.now());
    const timer = setTimeout(() => {
      since.current = Date.now();
      setTold(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return told;
}
