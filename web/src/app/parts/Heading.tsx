import { type ReactNode, useEffect, useRef } from "react";
import { useTenant } from "../Tenant";

/**
 * A view's title. It also names the window, and takes the focus when the view is opened, so that
 * the keyboard and a screen reader start where the eye does.
 */
export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  const tenant = useTenant();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${tenant.name}`;
  }, [title, tenant.name]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <div className="heading">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
