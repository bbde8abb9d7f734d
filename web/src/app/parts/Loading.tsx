/** Something is on its way. It shows only when that takes long enough to be noticed. */
export function Loading() {
  return (
    <p className="loading" role="status">
      Loading …
    </p>
  );
}
