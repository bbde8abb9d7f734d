import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

type Notice = { readonly id: number; readonly text: string; readonly warning: boolean };

type Notices = {
  /** Something went well. */
  readonly say: (text: string) => void;
  /** Something went wrong that no field is to blame for. */
  readonly warn: (text: string) => void;
};

const Context = createContext<Notices>({ say: () => {}, warn: () => {} });

export function useNotices(): Notices {
  return useContext(Context);
}

let last = 0;

/**
 * Short messages at the page's edge. The two regions are there from the beginning, so that screen
 * readers hear what is put into them. A warning stays until it is closed.
 */
export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const close = useCallback((id: number) => {
    setNotices((all) => all.filter((notice) => notice.id !== id));
  }, []);
  const add = useCallback(
    (text: string, warning: boolean) => {
      last += 1;
      const id = last;
      // The last good news is enough; warnings are kept, each once.
      const stays = (notice: Notice) => notice.warning && notice.text !== text;
      setNotices((all) => [...all.filter(stays), { id, text, warning }]);
      if (!warning) setTimeout(() => close(id), 6000);
    },
    [close],
  );
  const value = useMemo(
    () => ({ say: (text: string) => add(text, false), warn: (text: string) => add(text, true) }),
    [add],
  );
  const shown = (warning: boolean) =>
    notices
      .filter((notice) => notice.warning === warning)
      .map(({ id, text }) => (
        <p key={id} className={warning ? "notice warning" : "notice"}>
          <span>{text}</span>
          <button type="button" className="quiet" onClick={() => close(id)}>
            Dismiss
          </button>
        </p>
      ));
  return (
    <Context value={value}>
      {children}
      <div className="notices">
        <div role="alert">{shown(true)}</div>
        <div role="status">{shown(false)}</div>
      </div>
    </Context>
  );
}
