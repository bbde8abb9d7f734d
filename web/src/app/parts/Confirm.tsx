import { type ReactNode, useEffect, useId, useRef } from "react";

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: string;
  readonly busy?: boolean;
  readonly onConfirm?: () => void;
  readonly onClose: () => void;
};

/** A dialog that asks before something is done for good, or shows something once. */
export function Confirm({ title, children, action, busy, onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      <div className="actions">
        {action && (
          <button type="button" className="danger" disabled={busy} onClick={onConfirm}>
            {action}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {action ? "Cancel" : "Close"}
        </button>
      </div>
    </dialog>
  );
}
